package rocky_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	rocky "rocky.invalid/go/v2"
)

// project writes a small project into a new folder.
func project() string {
	dir, err := os.MkdirTemp("", "rocky-go")
	if err != nil {
		log.Fatal(err)
	}
	files := map[string]string{
		"rocky.toml": `[adapter]
type = "duckdb"
path = "shop.duckdb"

[pipeline.shop]
type = "transformation"
models = "models/**"

[pipeline.shop.target]
adapter = "default"
`,
		"models/_defaults.toml": `[target]
schema = "marts"

[strategy]
type = "full_refresh"
`,
		"models/orders.sql": `SELECT *
FROM (VALUES (1, 'ann', 10.50), (2, 'bob', 7.25), (3, 'ann', 2.00)) AS v(order_id, customer, amount)
`,
		"models/totals.sql": `SELECT customer, count(*) AS orders, sum(amount) AS spent
FROM orders
GROUP BY customer
`,
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	return dir
}

func Example() {
	dir := project()
	defer os.RemoveAll(dir)
	ctx := context.Background()

	engine, err := rocky.NewEngine(rocky.EngineOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	project, err := engine.Open(ctx, rocky.OpenRequest{Config: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer project.Close()

	compiled, err := project.Compile(ctx, rocky.CompileRequest{})
	if err != nil {
		log.Fatal(err)
	}
	for _, model := range compiled.ModelsDetail {
		for _, column := range model.Columns {
			fmt.Println(model.Name, column.Name, column.Type)
		}
	}

	run, err := project.Run(ctx, rocky.RunRequest{}, rocky.WithEvents(func(event rocky.Event) {
		if event.Type == "model_finished" {
			fmt.Println("finished", event.Model, *event.Rows)
		}
	}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Status)

	lineage, err := project.Lineage(ctx, rocky.LineageRequest{Target: "totals.spent"})
	if err != nil {
		log.Fatal(err)
	}
	for _, edge := range lineage.ColumnLineage.Trace {
		fmt.Printf("%s.%s <- %s.%s (%s)\n", edge.Target.Model, edge.Target.Column, edge.Source.Model, edge.Source.Column,
			edge.Transform)
	}

	_, err = project.Compile(ctx, rocky.CompileRequest{Model: "total"})
	var failed *rocky.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Status, failed.Message, failed.Hint)
	}

	// Output:
	// orders order_id INTEGER
	// orders customer VARCHAR
	// orders amount DECIMAL(4,2)
	// totals customer VARCHAR
	// totals orders BIGINT
	// totals spent DECIMAL(38,2)
	// finished orders 3
	// finished totals 2
	// Success
	// totals.spent <- orders.amount (aggregation: sum)
	// usage unknown model `total` did you mean `totals`?
}
