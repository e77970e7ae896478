package rocky

/*
#include <stdint.h>
#include "rocky.h"
*/
import "C"

import (
	"encoding/json"
	"runtime/cgo"
	"unsafe"
)

//export rockyGoEvent
func rockyGoEvent(handle C.uintptr_t, event *C.char, size C.size_t) {
	c := cgo.Handle(handle).Value().(*call)
	if c.panicked != nil {
		return
	}
	defer func() {
		if c.panicked = recover(); c.panicked != nil {
			C.rocky_cancel_trip(c.cancel)
		}
	}()
	var decoded Event
	text := C.GoBytes(unsafe.Pointer(event), C.int(size))
	if err := json.Unmarshal(text, &decoded); err != nil {
		panic(err)
	}
	c.onEvent(decoded)
}
