package rocky

/*
#include "rocky.h"
*/
import "C"

import (
	"encoding/json"
)

// Status is the class of an error. A later library may use numbers that are not listed here.
type Status int32

// The classes of errors.
const (
	// StatusUsage is a request that makes no sense: unknown model, contradicting options.
	StatusUsage Status = C.ROCKY_STATUS_USAGE
	// StatusNotFound is a file or folder that should exist and does not.
	StatusNotFound Status = C.ROCKY_STATUS_NOT_FOUND
	// StatusIO is a refusal of the file system.
	StatusIO Status = C.ROCKY_STATUS_IO
	// StatusConfig is a configuration that cannot be used.
	StatusConfig Status = C.ROCKY_STATUS_CONFIG
	// StatusLocked is a lock that something else holds.
	StatusLocked Status = C.ROCKY_STATUS_LOCKED
	// StatusWarehouse is a refusal or failure of the warehouse.
	StatusWarehouse Status = C.ROCKY_STATUS_WAREHOUSE
	// StatusState is a state store that refuses or is damaged.
	StatusState Status = C.ROCKY_STATUS_STATE
	// StatusStale is a plan whose facts no longer hold.
	StatusStale Status = C.ROCKY_STATUS_STALE
	// StatusCancelled is the end of the context before there was a result.
	StatusCancelled Status = C.ROCKY_STATUS_CANCELLED
	// StatusUnsupported is something that is not possible with this adapter or build.
	StatusUnsupported Status = C.ROCKY_STATUS_UNSUPPORTED
	// StatusBug is a mistake of rocky; please report it.
	StatusBug Status = C.ROCKY_STATUS_BUG
	// StatusHook is a refusal of one of the project's hooks.
	StatusHook Status = C.ROCKY_STATUS_HOOK
	// StatusInvalidArgument is a misuse of the C functions.
	StatusInvalidArgument Status = C.ROCKY_STATUS_INVALID_ARGUMENT
)

// String is the word for a status, e.g. "not_found".
func (s Status) String() string {
	return C.GoString(C.rocky_status_name(C.int32_t(s)))
}

// Error is a failed call. Get it with errors.As.
type Error struct {
	// Status is its class.
	Status Status
	// Message says what is wrong.
	Message string
	// Hint says what to do; it may be empty.
	Hint string
	// Document is the whole error as the command line prints it.
	Document json.RawMessage
	// The context's error, when that ended the call.
	cause error
}

// Error is the message and, in brackets, the hint.
func (e *Error) Error() string {
	if e.Hint == "" {
		return "rocky: " + e.Message
	}
	return "rocky: " + e.Message + " (" + e.Hint + ")"
}

// Unwrap gives the context's error when the end of the context ended the call.
func (e *Error) Unwrap() error {
	return e.cause
}

// taken turns the error object of a failed call into an Error and frees it. ended is the error of the call's context.
func taken(failure *C.rocky_error, ended error) error {
	defer C.rocky_error_free(failure)
	e := &Error{
		Status:   Status(C.rocky_error_status(failure)),
		Message:  C.GoString(C.rocky_error_message(failure)),
		Hint:     C.GoString(C.rocky_error_hint(failure)),
		Document: json.RawMessage(C.GoString(C.rocky_error_json(failure))),
	}
	if e.Status == StatusCancelled {
		e.cause = ended
	}
	return e
}
