// Package rocky compiles, plans and runs SQL transformation projects inside a Go program.
//
//	engine, err := rocky.NewEngine(rocky.EngineOptions{})
//	defer engine.Close()
//	project, err := engine.Open(ctx, rocky.OpenRequest{Config: "shop/rocky.toml"})
//	defer project.Close()
//	document, err := project.Compile(ctx, rocky.CompileRequest{})
//
// A mistake in a project (a column that does not exist, a model that fails) is part of the document a method returns. An
// error is misuse, trouble with the outside world, or cancellation; errors.As finds an [Error] in it, and after the end of
// a context errors.Is finds the context's error.
//
// The package links with librocky through cgo: install librocky.so and libduckdb.so where the linker looks, or set
// CGO_LDFLAGS="-L/folder -Wl,-rpath,/folder".
package rocky

/*
#cgo LDFLAGS: -lrocky
#include "rocky.h"
*/
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// ErrClosed is the error of every method of an engine or a project after its Close.
var ErrClosed = errors.New("rocky: closed")

// Version is the version of the engine.
func Version() string {
	return C.GoString(C.rocky_version())
}

// uses counts the calls that use a handle, so that Close can wait for them.
type uses struct {
	mutex   sync.Mutex
	none    sync.Cond
	running int
	closed  bool
}

func (u *uses) begin() error {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.closed {
		return ErrClosed
	}
	u.running++
	return nil
}

func (u *uses) end() {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.running--
	if u.running == 0 && u.none.L != nil {
		u.none.Broadcast()
	}
}

// close lets nobody begin any more, waits until everybody has ended, and frees the handle once.
func (u *uses) close(free func()) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.closed = true
	u.none.L = &u.mutex
	for u.running > 0 {
		u.none.Wait()
	}
	free()
}

// EngineOptions says how much an engine may use.
type EngineOptions struct {
	// Threads for compiling; 0 is the number of cores.
	Threads int `json:"threads,omitempty"`
}

// Engine holds the threads that projects share. A program usually has one. Its methods may be called from any goroutines.
type Engine struct {
	uses   uses
	handle *C.rocky_engine
}

// NewEngine starts an engine.
func NewEngine(options EngineOptions) (*Engine, error) {
	if C.rocky_abi_version() < C.ROCKY_ABI_VERSION {
		return nil, fmt.Errorf("rocky: librocky %s is older than this package", Version())
	}
	text, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("rocky: %w", err)
	}
	var handle *C.rocky_engine
	var failure *C.rocky_error
	data, size := pointer(text)
	if C.rocky_engine_new(data, size, &handle, &failure) != C.ROCKY_STATUS_OK {
		return nil, taken(failure, nil)
	}
	return &Engine{handle: handle}, nil
}

// Close ends the engine. Projects opened with it stay usable. It may be called more than once and never fails.
func (e *Engine) Close() error {
	e.uses.close(func() {
		C.rocky_engine_free(e.handle)
		e.handle = nil
	})
	return nil
}

// Open opens a project. It reads nothing but whether the configuration exists.
func (e *Engine) Open(ctx context.Context, request OpenRequest) (*Project, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := e.uses.begin(); err != nil {
		return nil, err
	}
	defer e.uses.end()
	text, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("rocky: %w", err)
	}
	var handle *C.rocky_project
	var failure *C.rocky_error
	data, size := pointer(text)
	if C.rocky_project_open(e.handle, data, size, &handle, &failure) != C.ROCKY_STATUS_OK {
		return nil, taken(failure, nil)
	}
	return &Project{handle: handle}, nil
}

// Project is an opened project. Its methods may be called from any goroutines at the same time; Close waits for them.
type Project struct {
	uses   uses
	handle *C.rocky_project
}

// Close closes the project and its databases once the running calls have ended; calls that begin later get [ErrClosed]. It
// may be called more than once and never fails. A callback of [WithEvents] must not call it: it would wait for itself.
func (p *Project) Close() error {
	p.uses.close(func() {
		C.rocky_project_close(p.handle)
		p.handle = nil
	})
	return nil
}

// Option changes how a call is made.
type Option func(*call)

// WithEvents gives the events of a call to a function, in order and before the method returns. The function runs on the
// goroutine that called the method and may call methods that read (all but Run), also of the same project.
func WithEvents(onEvent func(Event)) Option {
	return func(c *call) { c.onEvent = onEvent }
}

// Compile checks names, types, dependencies and contracts, and gives every column of every model. Mistakes in the project are
// in Diagnostics.
func (p *Project) Compile(ctx context.Context, request CompileRequest, options ...Option) (*CompileResponse, error) {
	return typed[CompileResponse](ctx, p, "compile", request, options)
}

// Plan gives the statements that Run would execute, and why. It executes none of them.
func (p *Project) Plan(ctx context.Context, request RunRequest, options ...Option) (*PlanResponse, error) {
	return typed[PlanResponse](ctx, p, "plan", request, options)
}

// Apply executes a plan that Plan gave, if planning now gives the same; otherwise the error is of kind "stale" and says what differs.
func (p *Project) Apply(ctx context.Context, request ApplyRequest, options ...Option) (*RunResponse, error) {
	return typed[RunResponse](ctx, p, "apply", request, options)
}

// CI compiles and tests without a warehouse; ExitCode is the verdict.
func (p *Project) CI(ctx context.Context, request CiRequest, options ...Option) (*CiResponse, error) {
	return typed[CiResponse](ctx, p, "ci", request, options)
}

// Load adds files to tables, as a load pipeline does. Files that cannot be loaded are in Files with their errors.
func (p *Project) Load(ctx context.Context, request LoadRequest, options ...Option) (*LoadResponse, error) {
	return typed[LoadResponse](ctx, p, "load", request, options)
}

// Snapshot brings the history of a snapshot pipeline up to now, or with DryRun only shows the steps.
func (p *Project) Snapshot(ctx context.Context, request SnapshotRequest, options ...Option) (*SnapshotResponse, error) {
	return typed[SnapshotResponse](ctx, p, "snapshot", request, options)
}

// Seed makes tables of the CSV files in the project's folder of seeds.
func (p *Project) Seed(ctx context.Context, request SeedRequest, options ...Option) (*SeedResponse, error) {
	return typed[SeedResponse](ctx, p, "seed", request, options)
}

// Compare compares tables with the shadows that Run with Shadow made: columns, counts, contents. OverallVerdict is pass, warn or fail.
func (p *Project) Compare(ctx context.Context, request CompareRequest, options ...Option) (*CompareResponse, error) {
	return typed[CompareResponse](ctx, p, "compare", request, options)
}

// Run plans and executes. Models that fail are in Errors. When the context ends in the middle, what was being written is rolled
// back and the document says so in Interrupted, without an error.
func (p *Project) Run(ctx context.Context, request RunRequest, options ...Option) (*RunResponse, error) {
	return typed[RunResponse](ctx, p, "run", request, options)
}

// Lineage traces a column ("model.column") or a whole model ("model").
func (p *Project) Lineage(ctx context.Context, request LineageRequest, options ...Option) (*LineageResponse, error) {
	return typed[LineageResponse](ctx, p, "lineage", request, options)
}

// Validate checks configuration, sidecars and contracts.
func (p *Project) Validate(ctx context.Context, request ValidateRequest, options ...Option) (*ValidateResponse, error) {
	return typed[ValidateResponse](ctx, p, "validate", request, options)
}

// Discover asks the source what there is, and remembers the columns for compiling.
func (p *Project) Discover(ctx context.Context, request DiscoverRequest, options ...Option) (*DiscoverResponse, error) {
	return typed[DiscoverResponse](ctx, p, "discover", request, options)
}

// State reads what runs left, says what is wrong in it, or changes it, by the request's action.
func (p *Project) State(ctx context.Context, request StateRequest, options ...Option) (*StateAnswer, error) {
	return typed[StateAnswer](ctx, p, "state", request, options)
}

// Metrics reads what checks measured of a model.
func (p *Project) Metrics(ctx context.Context, request MetricsRequest, options ...Option) (*MetricsResponse, error) {
	return typed[MetricsResponse](ctx, p, "metrics", request, options)
}

// History reads past runs, the executions of one model, or how the graph changed.
func (p *Project) History(ctx context.Context, request HistoryRequest, options ...Option) (*HistoryResponse, error) {
	return typed[HistoryResponse](ctx, p, "history", request, options)
}

// Test executes the models in a fresh in-memory DuckDB and reports which statements fail.
func (p *Project) Test(ctx context.Context, request TestRequest, options ...Option) (*TestResponse, error) {
	return typed[TestResponse](ctx, p, "test", request, options)
}

// WhatIf tells what would follow from edits that are not saved, or from a source with other columns. It touches neither the disk nor the
// warehouse.
func (p *Project) WhatIf(ctx context.Context, request WhatIfRequest, options ...Option) (*WhatIfResponse, error) {
	return typed[WhatIfResponse](ctx, p, "what_if", request, options)
}

// Diff compares the project with another state of it: a folder, or a git revision.
func (p *Project) Diff(ctx context.Context, request DiffRequest, options ...Option) (*DiffResponse, error) {
	return typed[DiffResponse](ctx, p, "diff", request, options)
}

// Hooks lists the project's hooks, or tries those of one event: its commands are run and its requests are sent, for real.
func (p *Project) Hooks(ctx context.Context, request HooksRequest, options ...Option) (*HooksResponse, error) {
	return typed[HooksResponse](ctx, p, "hooks", request, options)
}

// Call calls a verb by name and gives its document as it came. The request is anything that marshals to the request's JSON; nil is all
// defaults.
func (p *Project) Call(ctx context.Context, verb string, request any, options ...Option) (json.RawMessage, error) {
	var text []byte
	if request != nil {
		var err error
		if text, err = json.Marshal(request); err != nil {
			return nil, fmt.Errorf("rocky: %w", err)
		}
	}
	var c call
	for _, option := range options {
		option(&c)
	}
	return c.do(ctx, p, verb, text)
}

func typed[T any](ctx context.Context, p *Project, verb string, request any, options []Option) (*T, error) {
	text, err := p.Call(ctx, verb, request, options...)
	if err != nil {
		return nil, err
	}
	document := new(T)
	if err := json.Unmarshal(text, document); err != nil {
		return nil, fmt.Errorf("rocky: document of %s: %w", verb, err)
	}
	return document, nil
}
