package rocky_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	rocky "rocky.invalid/go/v2"
)

const storeConfig = `[adapter]
type = "duckdb"
path = "store.duckdb"

[pipeline.files]
type = "load"
source_dir = "in"
[pipeline.files.target]
catalog = ""
schema = "main"
table = "orders"

[pipeline.history]
type = "snapshot"
unique_key = ["id"]
strategy = "check"
check_cols = ["amount"]
[pipeline.history.source]
catalog = ""
schema = "main"
table = "orders"
[pipeline.history.target]
catalog = ""
schema = "main"
table = "order_history"

[pipeline.models]
type = "transformation"
depends_on = ["files"]
[pipeline.models.target]
adapter = "default"
`

// store is a project of several pipelines: files are loaded, their table has a history and a model that reads it; and there is a seed.
func store(t *testing.T) (*rocky.Project, func(path, text string)) {
	t.Helper()
	dir := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("rocky.toml", storeConfig)
	write("in/1.csv", "id,amount\n1,20\n2,5\n")
	write("seeds/regions.csv", "code,name\nde,Germany\nfr,France\n")
	write("models/doubles.sql", "SELECT id, amount * 2 AS double FROM main.orders\n")
	write("models/doubles.toml", "[[tests]]\ntype = \"unique\"\ncolumn = \"id\"\n")
	engine, err := rocky.NewEngine(rocky.EngineOptions{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	project, err := engine.Open(context.Background(), rocky.OpenRequest{Config: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { project.Close() })
	return project, write
}

// refused fails unless the error is one of the library with this status, whose message holds the part and whose document names the verb.
func refused(t *testing.T, err error, verb string, status rocky.Status, part string) {
	t.Helper()
	var failed *rocky.Error
	if !errors.As(err, &failed) {
		t.Fatalf("%s: %#v", verb, err)
	}
	if failed.Status != status || !strings.Contains(failed.Message, part) {
		t.Fatalf("%s: %v: %v", verb, failed.Status, failed)
	}
	var document struct {
		Command string
		Error   struct{ Code, Message string }
	}
	if err := json.Unmarshal(failed.Document, &document); err != nil {
		t.Fatal(err)
	}
	same(t, []string{document.Command, document.Error.Code, document.Error.Message}, []string{verb, status.String(), failed.Message})
}

func TestFilesAreLoadedSeededAndHaveAHistory(t *testing.T) {
	ctx := context.Background()
	p, write := store(t)
	loaded := must(p.Load(ctx, rocky.LoadRequest{}))(t)
	same(t, []any{loaded.FilesLoaded, loaded.TotalRows, loaded.Files[0].Status}, []any{uint64(1), uint64(2), "loaded"})
	write("in/2.csv", "id,amount\n3,7\n")
	write("in/3.parquet", "nonsense")
	failed := must(p.Load(ctx, rocky.LoadRequest{Pipeline: "files", Format: "parquet"}))(t)
	same(t, []any{failed.FilesFailed, failed.Files[0].Status, failed.Status}, []any{uint64(1), "failed", "Failure"})
	more := must(p.Load(ctx, rocky.LoadRequest{Format: "csv"}))(t)
	same(t, []uint64{more.FilesLoaded, more.FilesSkipped, more.TotalRows}, []uint64{1, 1, 1})
	_, err := p.Load(ctx, rocky.LoadRequest{Pipeline: "history"})
	refused(t, err, "load", rocky.StatusUsage, "has no `source_dir`")

	seeded := must(p.Seed(ctx, rocky.SeedRequest{Filter: "regions"}))(t)
	same(t, []any{seeded.TablesLoaded, seeded.Tables[0].Target, seeded.Tables[0].Rows}, []any{uint64(1), "store.seeds.regions", uint64(2)})
	_, err = p.Seed(ctx, rocky.SeedRequest{Filter: "nosuch"})
	refused(t, err, "seed", rocky.StatusUsage, "no seed `nosuch`")

	dry := must(p.Snapshot(ctx, rocky.SnapshotRequest{DryRun: true}))(t)
	same(t, []any{dry.DryRun, dry.Steps[0].Status, dry.RowsInserted}, []any{true, "dry_run", uint64(0)})
	first := must(p.Snapshot(ctx, rocky.SnapshotRequest{}))(t)
	same(t, []any{first.StepsOk == first.StepsTotal, first.RowsInserted}, []any{true, uint64(3)})
	write("in/4.csv", "id,amount\n4,9\n")
	must(p.Load(ctx, rocky.LoadRequest{Format: "csv"}))(t)
	second := must(p.Snapshot(ctx, rocky.SnapshotRequest{Pipeline: "history"}))(t)
	same(t, second.RowsInserted, uint64(1))
	_, err = p.Snapshot(ctx, rocky.SnapshotRequest{Pipeline: "models"})
	refused(t, err, "snapshot", rocky.StatusUsage, "not snapshot")
}

func TestShadowsAreComparedAndTestsAreRun(t *testing.T) {
	ctx := context.Background()
	p, write := store(t)
	must(p.Load(ctx, rocky.LoadRequest{}))(t)
	must(p.Run(ctx, rocky.RunRequest{Pipeline: "models"}))(t)
	must(p.Run(ctx, rocky.RunRequest{Pipeline: "models", Shadow: true}))(t)
	equal := must(p.Compare(ctx, rocky.CompareRequest{Pipeline: "models"}))(t)
	same(t, []any{equal.OverallVerdict, equal.TablesPassed, equal.Results[0].ShadowCount}, []any{"pass", uint64(1), uint64(2)})
	write("models/doubles.sql", "SELECT id, CASE id WHEN 2 THEN 0 ELSE amount * 2 END AS double FROM main.orders\n")
	must(p.Run(ctx, rocky.RunRequest{Pipeline: "models", Shadow: true}))(t)
	other := must(p.Compare(ctx, rocky.CompareRequest{Pipeline: "models"}))(t)
	same(t, []any{other.OverallVerdict, other.Results[0].Contents.RowsChanged}, []any{"fail", uint64(1)})
	cleaned := must(p.Compare(ctx, rocky.CompareRequest{Pipeline: "models", Cleanup: true}))(t)
	same(t, cleaned.Dropped, []string{"store.main.doubles_rocky_shadow"})
	_, err := p.Compare(ctx, rocky.CompareRequest{Pipeline: "nosuch"})
	refused(t, err, "compare", rocky.StatusUsage, "unknown pipeline `nosuch`")

	tested := must(p.Test(ctx, rocky.TestRequest{}))(t)
	same(t, []uint64{tested.Total, tested.Passed, tested.Failed}, []uint64{1, 1, 0})
	declared := must(p.Test(ctx, rocky.TestRequest{Declarative: true, Pipeline: "models"}))(t)
	same(t, []any{declared.Declarative.Passed, declared.Declarative.Results[0].Name}, []any{uint64(1), "unique_id"})
	_, err = p.Test(ctx, rocky.TestRequest{Model: "nosuch"})
	refused(t, err, "test", rocky.StatusUsage, "unknown model `nosuch`")
	_, err = p.Apply(ctx, rocky.ApplyRequest{PlanID: "0123456789abcdef"})
	refused(t, err, "apply", rocky.StatusNotFound, "not known here")
	_, err = p.Apply(ctx, rocky.ApplyRequest{})
	refused(t, err, "apply", rocky.StatusUsage, "plan_id")
}

func TestBadInputIsRefusedByEveryVerb(t *testing.T) {
	p, _ := store(t)
	must(p.Load(context.Background(), rocky.LoadRequest{}))(t)
	plan := must(p.Plan(context.Background(), rocky.RunRequest{Pipeline: "models"}))(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for verb, wrong := range map[string]any{
		"run":      map[string]any{"models": 7},
		"apply":    map[string]any{"plan_id": 7},
		"load":     map[string]any{"pipeline": 7},
		"seed":     map[string]any{"seeds": []int{}},
		"snapshot": map[string]any{"dry_run": 1},
		"compare":  map[string]any{"key": "id"},
		"test":     map[string]any{"vars": []int{}},
	} {
		_, err := p.Call(context.Background(), verb, map[string]int{"nosuch": 1})
		refused(t, err, verb, rocky.StatusUsage, "unknown field `nosuch`")
		_, err = p.Call(context.Background(), verb, wrong)
		refused(t, err, verb, rocky.StatusUsage, "invalid type")
		request := map[string]string{}
		switch verb {
		case "apply":
			request["plan_id"] = plan.PlanID
		case "run", "compare":
			request["pipeline"] = "models"
		}
		_, err = p.Call(ended, verb, request)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", verb, err)
		}
	}
}
