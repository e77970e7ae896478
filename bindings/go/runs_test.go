package rocky_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	rocky "rocky.invalid/go/v2"
)

const (
	head      = "id,customer,amount,ordered_at"
	rows      = "1,1,20.00,2026-01-05 10:00:00\n2,1,7.25,2026-02-20 12:00:00\n"
	customers = "SELECT customer, count(*) AS orders FROM orders GROUP BY ALL\n"
)

// shop is the project of the repository's README, on a DuckDB file; its hook writes what it is told into `told`.
func shop(t *testing.T) (*rocky.Project, func(path, text string)) {
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
	write("rocky.toml", `[adapter]
type = "duckdb"
path = "shop.duckdb"

[pipeline.shop]
type = "transformation"
on_added_columns = "add"
on_widened_columns = "alter"

[pipeline.shop.target]
adapter = "default"

[pipeline.shop.execution]
concurrency = 1

[hook.after_model_run]
command = "cat >> told"
`)
	write("orders.csv", head+"\n"+rows)
	write("models/orders.sql", "SELECT * FROM 'orders.csv'\n")
	write("models/orders.toml", `[strategy]
type = "merge"
unique_key = ["id"]

[[tests]]
type = "in_range"
column = "amount"
min = 0
`)
	write("models/customers.sql", customers)
	write("models/revenue.sql", `SELECT date_trunc('month', ordered_at) AS month, sum(amount) AS revenue FROM orders
WHERE ordered_at >= @start_date AND ordered_at < @end_date GROUP BY month
`)
	write("models/revenue.toml", `[strategy]
type = "time_interval"
time_column = "month"
granularity = "month"
first_partition = "2026-01"
lookback = 1
`)
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

// must is the document of a call that succeeds.
func must[T any](document *T, err error) func(*testing.T) *T {
	return func(t *testing.T) *T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return document
	}
}

// same fails unless two values are equal.
func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%v, not %v", got, want)
	}
}

func TestAFailingCheckIsInTheDocument(t *testing.T) {
	ctx := context.Background()
	p, write := shop(t)
	write("orders.csv", head+"\n"+rows+"3,2,-1.50,2026-03-01 12:00:00\n")
	var passed []bool
	counted := uint64(0)
	run := must(p.Run(ctx, rocky.RunRequest{}, rocky.WithEvents(func(event rocky.Event) {
		switch event.Type {
		case "check_finished":
			passed = append(passed, event.Passed.Held)
		case "checks_finished":
			counted = event.Failed - event.Passed.Count
		}
	})))(t)
	same(t, []any{run.Status, run.ChecksFailed, run.TablesSkipped}, []any{"Failure", uint64(1), uint64(2)})
	check := run.CheckResults[0].Checks[0]
	same(t, []any{check.Name, check.Passed, *check.FailingRows}, []any{"in_range_amount", false, uint64(1)})
	same(t, check.Sample[0]["amount"], -1.5)
	same(t, passed, []bool{false})
	same(t, counted, uint64(1))
	write("orders.csv", head+"\n"+rows+"3,2,1.50,2026-03-01 12:00:00\n")
	mended := must(p.Run(ctx, rocky.RunRequest{ResumeLatest: true}))(t)
	same(t, []any{mended.Status, *mended.ResumedFrom}, []any{"Success", run.RunID})
}

func TestAPlanWithDriftIsAppliedOrStale(t *testing.T) {
	ctx := context.Background()
	p, write := shop(t)
	must(p.Run(ctx, rocky.RunRequest{Models: []string{"orders"}}))(t)
	write("orders.csv", head+",coupon\n1,1,20.00,2026-01-05 10:00:00,\n2,eu-3,7.25,2026-02-20 12:00:00,SPRING\n")
	plan := must(p.Plan(ctx, rocky.RunRequest{Models: []string{"orders"}}))(t)
	drift := plan.ModelsDetail[0].Drift
	same(t, []string{drift[0].Action, drift[0].Columns[0], drift[1].Action, drift[1].Columns[0]},
		[]string{"add_columns", "coupon", "alter_column_types", "customer"})
	var seen []string
	applied := must(p.Apply(ctx, rocky.ApplyRequest{PlanID: plan.PlanID}, rocky.WithEvents(func(event rocky.Event) {
		if event.Type == "drift_detected" {
			seen = append(seen, event.Action+" "+strings.Join(event.Columns, ","))
		}
	})))(t)
	same(t, []any{applied.Status, applied.PlanID, len(applied.Drift.ActionsTaken)}, []any{"Success", plan.PlanID, 2})
	same(t, seen, []string{"add_columns coupon", "alter_column_types customer"})

	next := must(p.Plan(ctx, rocky.RunRequest{Models: []string{"customers"}}))(t)
	write("models/customers.sql", "SELECT customer FROM orders\n")
	_, err := p.Apply(ctx, rocky.ApplyRequest{PlanID: next.PlanID})
	var failed *rocky.Error
	if !errors.As(err, &failed) || failed.Status != rocky.StatusStale || !strings.Contains(err.Error(), "`customers`") {
		t.Fatalf("%#v", err)
	}
}

func TestARunGoesOnWhereOneFailed(t *testing.T) {
	ctx := context.Background()
	p, write := shop(t)
	write("models/customers.sql", "SELECT cast('x' AS INTEGER) AS n FROM orders\n")
	broken := must(p.Run(ctx, rocky.RunRequest{}))(t)
	same(t, []any{broken.Status, broken.Errors[0].Model}, []any{"PartialFailure", "customers"})
	write("models/customers.sql", customers)
	rest := must(p.Run(ctx, rocky.RunRequest{Resume: broken.RunID}))(t)
	same(t, []any{rest.Status, len(rest.Materializations), rest.Materializations[0].Model}, []any{"Success", 1, "customers"})
	same(t, rest.Skipped[0].Reason, "done by "+broken.RunID)
}

func TestWindowsOfTime(t *testing.T) {
	ctx := context.Background()
	p, _ := shop(t)
	must(p.Run(ctx, rocky.RunRequest{Models: []string{"orders"}}))(t)
	none := uint32(0)
	request := rocky.RunRequest{Models: []string{"revenue"}, From: "2026-02", To: "2026-03", Lookback: &none}
	var seen []string
	run := must(p.Run(ctx, request, rocky.WithEvents(func(event rocky.Event) {
		if event.Type == "partition_finished" {
			seen = append(seen, event.Partition)
		}
	})))(t)
	same(t, seen, []string{"2026-02", "2026-03"})
	same(t, []any{run.Materializations[0].Partition.Key, *run.Materializations[0].RowsCopied}, []any{"2026-02", uint64(1)})
	request.Lookback = nil
	plan := must(p.Plan(ctx, request))(t)
	same(t, plan.ModelsDetail[0].Partitions[0].Key, "2026-01")

	change := must(p.State(ctx, rocky.StateRequest{Action: rocky.StateActionDelete, Model: "revenue", Partition: "2026-02"}))(t)
	if change.StateChange == nil {
		t.Fatalf("%+v", change)
	}
	missing := must(p.Plan(ctx, rocky.RunRequest{Models: []string{"revenue"}, Missing: true, Lookback: &none}))(t)
	same(t, missing.ModelsDetail[0].Partitions[1].Key, "2026-02")
	state := must(p.State(ctx, rocky.StateRequest{Model: "revenue"}))(t)
	same(t, []any{len(state.StateResponse.ModelPartitions), state.StateResponse.ModelPartitions[0].PartitionKey}, []any{1, "2026-03"})
	_, err := p.Run(ctx, rocky.RunRequest{Partition: "2026-13"})
	var failed *rocky.Error
	if !errors.As(err, &failed) || failed.Status != rocky.StatusUsage {
		t.Fatalf("%#v", err)
	}
}

func TestAKeyIsUsedOnceAndHooksAreTold(t *testing.T) {
	ctx := context.Background()
	p, _ := shop(t)
	request := rocky.RunRequest{Models: []string{"orders"}, IdempotencyKey: "nightly-1"}
	first := must(p.Run(ctx, request))(t)
	second := must(p.Run(ctx, request))(t)
	same(t, []any{second.Status, *second.SkippedByRunID}, []any{"SkippedIdempotent", first.RunID})
	same(t, first.Hooks.Fired, uint64(1))
	hooks := must(p.Hooks(ctx, rocky.HooksRequest{}))(t)
	same(t, hooks.HooksList.Hooks[0].Event, "on_after_model_run")
}

func TestACancelledRunGoesOn(t *testing.T) {
	p, write := shop(t)
	write("models/slow.sql", "SELECT count(*) AS n FROM orders, range(100000000000000) AS r(i) WHERE hash(r.i) % 7 = 3\n")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	request := rocky.RunRequest{Models: []string{"orders", "slow"}}
	run := must(p.Run(ctx, request, rocky.WithEvents(func(event rocky.Event) {
		if event.Type == "model_started" && event.Model == "slow" {
			cancel()
		}
	})))(t)
	same(t, []any{run.Interrupted, run.TablesCopied}, []any{true, uint64(1)})
	write("models/slow.sql", "SELECT count(*) AS n FROM orders\n")
	request.ResumeLatest = true
	rest := must(p.Run(context.Background(), request))(t)
	same(t, []any{rest.Status, rest.TablesSkipped}, []any{"Success", uint64(1)})
	runs := must(p.History(context.Background(), rocky.HistoryRequest{Limit: 2}))(t)
	same(t, []bool{runs.RunHistory.Runs[0].Interrupted, runs.RunHistory.Runs[1].Interrupted}, []bool{false, true})
}
