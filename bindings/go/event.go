package rocky

import "encoding/json"

// Event is something that happened during a call. Type says which of the other fields are set; types that this package does
// not know may come too.
type Event struct {
	// "progress", "discover_finished", "compile_finished", "run_started", "model_started", "step_finished", "partition_finished",
	// "model_finished", "model_failed", "model_retried", "model_skipped", "checks_started", "check_finished", "checks_finished", "drift_detected",
	// "anomaly_detected", "state_synced", "budget_breached", "run_finished", "log".
	Type string `json:"type"`
	// Phase of a "progress", with the units that are done and in all (0 is not known). Of a "partition_finished" the windows of the
	// model.
	Phase string `json:"phase"`
	Done  uint64 `json:"done"`
	Total uint64 `json:"total"`
	// RunID is the run, when it starts and finishes.
	RunID string `json:"run_id"`
	// Pipeline of the run that started, and how many models it executes.
	Pipeline string `json:"pipeline"`
	Models   uint64 `json:"models"`
	// Model is the model, or the table's whole name, that an event is about.
	Model string `json:"model"`
	// Kind of what is made: "model", "table", "snapshot", "load", "seed", "quality".
	Kind string `json:"kind"`
	// Target is the whole name of the relation that is made.
	Target string `json:"target"`
	// Table of a check, a drift or an anomaly.
	Table string `json:"table"`
	// AssetKey of what was made or checked.
	AssetKey []string `json:"asset_key"`
	// Strategy by which a model was made.
	Strategy string `json:"strategy"`
	// SQLHash of the statements of a "model_finished".
	SQLHash string `json:"sql_hash"`
	// Watermark after a "model_finished".
	Watermark string `json:"watermark"`
	// Partition of a "partition_finished", the first one of a batch, and the others.
	Partition   string   `json:"partition"`
	BatchedWith []string `json:"batched_with"`
	// Purpose of the statement of a "step_finished".
	Purpose string `json:"purpose"`
	// Rows written, where the warehouse says.
	Rows *uint64 `json:"rows"`
	// DurationMs of what finished or failed.
	DurationMs uint64 `json:"duration_ms"`
	// Attempt that did not succeed, from 1, and the milliseconds until the next, of a "model_retried".
	Attempt uint32 `json:"attempt"`
	WaitMs  uint64 `json:"wait_ms"`
	// Error of a "model_failed" or a "model_retried", or of a "partition_finished" that failed.
	Error string `json:"error"`
	// Reason of a "model_skipped", a "model_retried" or a "drift_detected".
	Reason string `json:"reason"`
	// Check of a "check_finished": did it hold, does it count ("error", "warning"), what was found.
	Check    string                     `json:"check"`
	Severity string                     `json:"severity"`
	Details  map[string]json.RawMessage `json:"details"`
	// Columns that drifted, and the Action that is taken.
	Columns []string `json:"columns"`
	Action  string   `json:"action"`
	// Description of an anomaly.
	Description string `json:"description"`
	// Backend of a "state_synced".
	Backend string `json:"backend"`
	// Budget that was breached, its Limit and what the run took.
	Budget string `json:"budget"`
	Limit  uint64 `json:"limit"`
	Actual uint64 `json:"actual"`
	// Connectors of a "discover_finished".
	Connectors uint64 `json:"connectors"`
	// Tables of a "checks_started".
	Tables uint64 `json:"tables"`
	// Status of a "run_finished": "Success", "PartialFailure", "Failure".
	Status string `json:"status"`
	// Level of a "log": "info", "warning".
	Level string `json:"level"`
	// Message of a "log".
	Message string `json:"message"`
	// Passed says whether the check of a "check_finished" held, and how many did at "checks_finished".
	Passed Passed `json:"passed"`
	// Failed is how many checks did not hold, at "checks_finished".
	Failed uint64 `json:"failed"`
}

// Passed is what an event says of checks that hold: of one, or of all.
type Passed struct {
	// Held is set for a "check_finished" whose check holds.
	Held bool
	// Count is how many hold, for a "checks_finished".
	Count uint64
}

// UnmarshalJSON reads a truth value or a number.
func (p *Passed) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &p.Held); err == nil {
		return nil
	}
	return json.Unmarshal(data, &p.Count)
}
