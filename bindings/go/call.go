package rocky

/*
#include <stdint.h>
#include "rocky.h"

// In callback.go.
void rockyGoEvent(uintptr_t call, char *event, size_t event_len);

static void rocky_go_event(void *user_data, const char *event, size_t event_len) {
	rockyGoEvent(*(uintptr_t *)user_data, (char *)event, event_len);
}

typedef rocky_status (*rocky_go_verb)(const rocky_project *, const char *, size_t, rocky_event_fn, void *,
                                      const rocky_cancel *, rocky_buf **, rocky_error **);

static rocky_status rocky_go_call(rocky_go_verb verb, const rocky_project *project, const char *request,
                                  size_t request_len, uintptr_t call, const rocky_cancel *cancel, rocky_buf **out,
                                  rocky_error **error) {
	rocky_event_fn callback = call != 0 ? rocky_go_event : NULL;
	return verb(project, request, request_len, callback, &call, cancel, out, error);
}
*/
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/cgo"
	"unsafe"
)

var verbs = map[string]C.rocky_go_verb{
	"compile":  C.rocky_go_verb(C.rocky_project_compile),
	"plan":     C.rocky_go_verb(C.rocky_project_plan),
	"run":      C.rocky_go_verb(C.rocky_project_run),
	"lineage":  C.rocky_go_verb(C.rocky_project_lineage),
	"validate": C.rocky_go_verb(C.rocky_project_validate),
	"discover": C.rocky_go_verb(C.rocky_project_discover),
	"state":    C.rocky_go_verb(C.rocky_project_state),
	"history":  C.rocky_go_verb(C.rocky_project_history),
	"metrics":  C.rocky_go_verb(C.rocky_project_metrics),
	"test":     C.rocky_go_verb(C.rocky_project_test),
	"what_if":  C.rocky_go_verb(C.rocky_project_what_if),
	"diff":     C.rocky_go_verb(C.rocky_project_diff),
	"hooks":    C.rocky_go_verb(C.rocky_project_hooks),
	"apply":    C.rocky_go_verb(C.rocky_project_apply),
	"ci":       C.rocky_go_verb(C.rocky_project_ci),
	"load":     C.rocky_go_verb(C.rocky_project_load),
	"snapshot": C.rocky_go_verb(C.rocky_project_snapshot),
	"seed":     C.rocky_go_verb(C.rocky_project_seed),
	"compare":  C.rocky_go_verb(C.rocky_project_compare),
}

// call is one call of a verb.
type call struct {
	onEvent func(Event)
	cancel  *C.rocky_cancel
	// What the callback panicked with: no panic may pass through the library, it goes on after the call.
	panicked any
}

// pointer gives the arguments for a text; the library does not keep it.
func pointer(text []byte) (*C.char, C.size_t) {
	if len(text) == 0 {
		return nil, 0
	}
	return (*C.char)(unsafe.Pointer(&text[0])), C.size_t(len(text))
}

func (c *call) do(ctx context.Context, p *Project, name string, request []byte) (json.RawMessage, error) {
	verb, ok := verbs[name]
	if !ok {
		return nil, fmt.Errorf("rocky: unknown verb %q", name)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.uses.begin(); err != nil {
		return nil, err
	}
	defer p.uses.end()

	c.cancel = C.rocky_cancel_new()
	defer C.rocky_cancel_free(c.cancel)
	defer c.watch(ctx)()

	var handle cgo.Handle
	if c.onEvent != nil {
		handle = cgo.NewHandle(c)
		defer handle.Delete()
	}
	var out *C.rocky_buf
	var failure *C.rocky_error
	data, size := pointer(request)
	status := C.rocky_go_call(verb, p.handle, data, size, C.uintptr_t(handle), c.cancel, &out, &failure)
	defer C.rocky_buf_free(out)
	if c.panicked != nil {
		C.rocky_error_free(failure)
		panic(c.panicked)
	}
	if status != C.ROCKY_STATUS_OK {
		return nil, taken(failure, ctx.Err())
	}
	return C.GoBytes(unsafe.Pointer(C.rocky_buf_data(out)), C.int(C.rocky_buf_len(out))), nil
}

// watch trips the token when the context ends, until the returned function is called.
func (c *call) watch(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	returned, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-ctx.Done():
			C.rocky_cancel_trip(c.cancel)
		case <-returned:
		}
	}()
	return func() {
		close(returned)
		<-ended
	}
}
