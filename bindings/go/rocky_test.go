package rocky_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	rocky "rocky.invalid/go/v2"
)

// open opens a project of its own for a test.
func open(t *testing.T) (*rocky.Project, string) {
	t.Helper()
	dir := project()
	t.Cleanup(func() { os.RemoveAll(dir) })
	engine, err := rocky.NewEngine(rocky.EngineOptions{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	// A project outlives its engine.
	defer engine.Close()
	opened, err := engine.Open(context.Background(), rocky.OpenRequest{Config: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return opened, dir
}

func addSlowModel(t *testing.T, dir string) {
	t.Helper()
	sql := "SELECT count(*) AS n FROM range(100000000000000) AS r(i) WHERE hash(r.i) % 7 = 3\n"
	if err := os.WriteFile(filepath.Join(dir, "models", "slow.sql"), []byte(sql), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestEveryVerb(t *testing.T) {
	ctx := context.Background()
	p, _ := open(t)
	plan, err := p.Plan(ctx, rocky.RunRequest{Models: []string{"orders"}})
	if err != nil || len(plan.Statements) == 0 {
		t.Fatalf("%+v, %v", plan, err)
	}
	run, err := p.Run(ctx, rocky.RunRequest{})
	if err != nil || run.Status != "Success" || run.Interrupted {
		t.Fatalf("%+v, %v", run, err)
	}
	model, err := p.Lineage(ctx, rocky.LineageRequest{Target: "orders"})
	if err != nil || model.ModelLineage == nil || model.ColumnLineage != nil {
		t.Fatalf("%+v, %v", model, err)
	}
	if len(model.ModelLineage.Downstream) != 1 || model.ModelLineage.Downstream[0] != "totals" {
		t.Fatalf("%+v", model.ModelLineage)
	}
	events, err := p.Lineage(ctx, rocky.LineageRequest{All: true, Format: "openlineage"})
	if err != nil || events.RenderedLineage == nil || strings.Count(events.RenderedLineage.Rendered, "columnLineage") != 2 {
		t.Fatalf("%+v, %v", events, err)
	}
	runs, err := p.History(ctx, rocky.HistoryRequest{})
	if err != nil || runs.RunHistory == nil || runs.RunHistory.Count != 1 || runs.RunHistory.Runs[0].RunID != run.RunID {
		t.Fatalf("%+v, %v", runs, err)
	}
	executions, err := p.History(ctx, rocky.HistoryRequest{Model: "orders"})
	if err != nil || executions.ModelHistory == nil || len(executions.ModelHistory.Executions) != 1 {
		t.Fatalf("%+v, %v", executions, err)
	}
	if _, err := p.Validate(ctx, rocky.ValidateRequest{}); err != nil {
		t.Fatal(err)
	}
	if found, err := p.Discover(ctx, rocky.DiscoverRequest{}); err != nil || found.RelationsRemembered != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	if state, err := p.State(ctx, rocky.StateRequest{}); err != nil || state.StateResponse == nil || state.StateResponse.StatePath == "" {
		t.Fatalf("%+v, %v", state, err)
	}
	edit := rocky.WhatIfEdit{Path: "models/orders.sql", Remove: true}
	whatIf, err := p.WhatIf(ctx, rocky.WhatIfRequest{Edits: []rocky.WhatIfEdit{edit}})
	if err != nil || whatIf.Summary.ModelsRemoved != 1 || len(whatIf.Breaking) == 0 {
		t.Fatalf("%+v, %v", whatIf, err)
	}
	if diff, err := p.Diff(ctx, rocky.DiffRequest{Against: "."}); err != nil || len(diff.Models) != 0 {
		t.Fatalf("%+v, %v", diff, err)
	}
	if tested, err := p.Test(ctx, rocky.TestRequest{}); err != nil || tested.Failed != 0 || tested.Passed != 2 {
		t.Fatalf("%+v, %v", tested, err)
	}
	raw, err := p.Call(ctx, "compile", nil)
	if err != nil || !strings.Contains(string(raw), `"command":"compile"`) {
		t.Fatalf("%s, %v", raw, err)
	}
}

func TestSeedLoadAndSnapshot(t *testing.T) {
	ctx := context.Background()
	p, dir := open(t)
	for name, text := range map[string]string{"seeds/countries.csv": "code,name\nDE,Germany\n", "inbox/visits.csv": "day,n\n2026-01-31,7\n"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	seeded, err := p.Seed(ctx, rocky.SeedRequest{})
	if err != nil || seeded.TablesLoaded != 1 || seeded.Tables[0].Rows != 1 {
		t.Fatalf("%+v, %v", seeded, err)
	}
	loaded, err := p.Load(ctx, rocky.LoadRequest{SourceDir: "inbox", Target: "raw.visits"})
	if err != nil || loaded.FilesLoaded != 1 || loaded.TotalRows != 1 {
		t.Fatalf("%+v, %v", loaded, err)
	}
	var failed *rocky.Error
	if _, err := p.Snapshot(ctx, rocky.SnapshotRequest{DryRun: true}); !errors.As(err, &failed) {
		t.Fatalf("a project without a snapshot pipeline: %v", err)
	}
}

func TestErrorsAs(t *testing.T) {
	ctx := context.Background()
	engine, err := rocky.NewEngine(rocky.EngineOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	_, err = engine.Open(ctx, rocky.OpenRequest{Config: "/nowhere/rocky.toml"})
	var failed *rocky.Error
	if !errors.As(err, &failed) || failed.Status != rocky.StatusNotFound || failed.Hint == "" {
		t.Fatalf("%#v", err)
	}
	if !strings.Contains(err.Error(), "/nowhere/rocky.toml") || failed.Status.String() != "not_found" {
		t.Fatalf("%v, %v", err, failed.Status)
	}
	if !strings.Contains(string(failed.Document), `"command":"open"`) {
		t.Fatalf("%s", failed.Document)
	}
	p, _ := open(t)
	if _, err := p.Call(ctx, "compile", map[string]int{"no_such_field": 1}); !errors.As(err, &failed) {
		t.Fatalf("%#v", err)
	}
}

func TestTheContextEndsARunningQuery(t *testing.T) {
	p, dir := open(t)
	addSlowModel(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var tripped time.Time
	run, err := p.Run(ctx, rocky.RunRequest{}, rocky.WithEvents(func(event rocky.Event) {
		if event.Type == "model_started" && event.Model == "slow" {
			time.AfterFunc(200*time.Millisecond, func() {
				tripped = time.Now()
				cancel()
			})
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if !run.Interrupted {
		t.Fatalf("%+v", run)
	}
	// It would take hours.
	if took := time.Since(tripped); took > 2*time.Minute {
		t.Fatalf("it took %v", took)
	}
}

func TestAnEndedContextIsTheErrorsCause(t *testing.T) {
	p, _ := open(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Compile(ended, rocky.CompileRequest{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("%#v", err)
	}
	// Ended in the middle.
	var err error
	for wait := 50 * time.Millisecond; err == nil && wait < time.Minute; wait *= 2 {
		ctx, cancel := context.WithCancel(context.Background())
		var once sync.Once
		_, err = p.Compile(ctx, rocky.CompileRequest{}, rocky.WithEvents(func(rocky.Event) {
			cancel()
			// The token is tripped on another goroutine, which on a busy machine takes its time.
			once.Do(func() { time.Sleep(wait) })
		}))
		cancel()
	}
	var failed *rocky.Error
	if !errors.Is(err, context.Canceled) || !errors.As(err, &failed) || failed.Status != rocky.StatusCancelled {
		t.Fatalf("%#v", err)
	}
}

func TestCloseIsIdempotentAndWaitsForCalls(t *testing.T) {
	p, _ := open(t)
	ctx := context.Background()
	started, closed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var returned bool
	go func() {
		<-started
		p.Close()
		if !returned {
			t.Error("Close did not wait")
		}
		close(closed)
	}()
	_, err := p.Run(ctx, rocky.RunRequest{}, rocky.WithEvents(func(event rocky.Event) {
		once.Do(func() {
			close(started)
			time.Sleep(100 * time.Millisecond)
		})
		returned = event.Type == "run_finished"
	}))
	if err != nil {
		t.Fatal(err)
	}
	<-closed
	p.Close()
	if _, err := p.Compile(ctx, rocky.CompileRequest{}); !errors.Is(err, rocky.ErrClosed) {
		t.Fatalf("%v", err)
	}
	var wait sync.WaitGroup
	for i := 0; i < 8; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			p.Close()
		}()
	}
	wait.Wait()
}

func TestGoroutinesShareAProject(t *testing.T) {
	p, _ := open(t)
	var wait sync.WaitGroup
	for i := 0; i < 16; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			compiled, err := p.Compile(context.Background(), rocky.CompileRequest{})
			if err != nil || compiled.HasErrors || compiled.Models != 2 {
				t.Errorf("%+v, %v", compiled, err)
			}
		}()
	}
	wait.Wait()
}

func TestAPanicOfTheCallbackComesOutOfTheCall(t *testing.T) {
	p, _ := open(t)
	events := 0
	func() {
		defer func() {
			if got := recover(); got != "mine" {
				t.Errorf("recovered %v", got)
			}
		}()
		p.Run(context.Background(), rocky.RunRequest{}, rocky.WithEvents(func(rocky.Event) {
			events++
			panic("mine")
		}))
		t.Error("it returned")
	}()
	if events != 1 {
		t.Errorf("%d events", events)
	}
	// The project is as good as before, and Close does not wait for the call that panicked.
	if run, err := p.Run(context.Background(), rocky.RunRequest{}); err != nil || run.Status != "Success" {
		t.Errorf("%+v, %v", run, err)
	}
	p.Close()
}

func TestACallbackMayRead(t *testing.T) {
	p, _ := open(t)
	ctx := context.Background()
	read := false
	_, err := p.Run(ctx, rocky.RunRequest{}, rocky.WithEvents(func(event rocky.Event) {
		if event.Type == "model_finished" && !read {
			read = true
			if compiled, err := p.Compile(ctx, rocky.CompileRequest{}); err != nil || compiled.Models != 2 {
				t.Errorf("%+v, %v", compiled, err)
			}
		}
	}))
	if err != nil || !read {
		t.Fatalf("%v, %v", read, err)
	}
}

func TestVersion(t *testing.T) {
	if wanted := os.Getenv("ROCKY_TEST_VERSION"); wanted != "" && rocky.Version() != wanted {
		t.Fatalf("%s, not %s", rocky.Version(), wanted)
	}
}
