package rocky

// Event is something that happened during a call. Type says which of the other fields are set; types that this package does
// not know may come too.
type Event struct {
	// "progress", "run_started", "model_started", "step_finished", "model_finished", "model_failed", "model_skipped",
	// "run_finished", "log".
	Type string `json:"type"`
	// Phase of a "progress", with the units that are done and in all (0 is not known).
	Phase string `json:"phase"`
	Done  uint64 `json:"done"`
	Total uint64 `json:"total"`
	// RunID is the run, when it starts and finishes.
	RunID string `json:"run_id"`
	// Pipeline of the run that started, and how many models it executes.
	Pipeline string `json:"pipeline"`
	Models   uint64 `json:"models"`
	// Model is the model that an event is about.
	Model string `json:"model"`
	// Purpose of the statement of a "step_finished".
	Purpose string `json:"purpose"`
	// Rows written, where the warehouse says.
	Rows *uint64 `json:"rows"`
	// DurationMs of what finished or failed.
	DurationMs uint64 `json:"duration_ms"`
	// Error of a "model_failed".
	Error string `json:"error"`
	// Reason of a "model_skipped".
	Reason string `json:"reason"`
	// Status of a "run_finished": "Success", "PartialFailure", "Failure".
	Status string `json:"status"`
	// Level of a "log": "info", "warning".
	Level string `json:"level"`
	// Message of a "log".
	Message string `json:"message"`
}
