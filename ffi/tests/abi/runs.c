// What a run does beside writing, through rocky.h: a failing check, drift, a plan that is applied or stale, going on after a failure, windows
// of time, a key, hooks, cancelling. One argument: the folder of the project of the repository's README.

#include <rocky.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folder;
static const rocky_project *project;

typedef rocky_status (*verb)(const rocky_project *, const char *, size_t, rocky_event_fn, void *, const rocky_cancel *,
                             rocky_buf **, rocky_error **);

static void fail(int line, const char *what, const char *text) {
    fprintf(stderr, "runs.c:%d: %s\n%s\n", line, what, text);
    exit(1);
}

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fail(__LINE__, #condition, "");                                                                            \
        }                                                                                                              \
    } while (0)

// The part must be in the text. A real program has a JSON library.
#define HOLDS(text, part)                                                                                              \
    do {                                                                                                               \
        if (strstr((text), (part)) == NULL) {                                                                          \
            fail(__LINE__, (part), (text));                                                                            \
        }                                                                                                              \
    } while (0)

static void write_file(const char *path, const char *text) {
    char full[4096];
    snprintf(full, sizeof full, "%s/%s", folder, path);
    FILE *file = fopen(full, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

// The text after `"key":"`, up to 99 bytes.
static void value(const char *document, const char *key, char out[100]) {
    char begin[64];
    snprintf(begin, sizeof begin, "\"%s\":\"", key);
    const char *at = strstr(document, begin);
    CHECK(at != NULL);
    at += strlen(begin);
    snprintf(out, 100, "%.*s", (int)strcspn(at, "\""), at);
}

// A call that must succeed. The caller frees the document.
static rocky_buf *call(verb verb, const char *request, rocky_event_fn on_event, void *data, const rocky_cancel *cancel) {
    rocky_buf *document = NULL;
    rocky_error *error = NULL;
    if (verb(project, request, strlen(request), on_event, data, cancel, &document, &error) != ROCKY_STATUS_OK) {
        fail(__LINE__, request, rocky_error_message(error));
    }
    return document;
}

// A call that must fail, with a message that holds this.
static void refused(verb verb, const char *request, rocky_status expected, const char *part) {
    rocky_buf *document = NULL;
    rocky_error *error = NULL;
    CHECK(verb(project, request, strlen(request), NULL, NULL, NULL, &document, &error) == expected);
    HOLDS(rocky_error_message(error), part);
    rocky_error_free(error);
}

static const char *text(const rocky_buf *document) { return rocky_buf_data(document); }

struct seen {
    int partitions, drifts, failed_checks;
};

static void on_event(void *user_data, const char *event, size_t event_len) {
    struct seen *seen = user_data;
    CHECK(strlen(event) == event_len);
    seen->partitions += strstr(event, "\"type\":\"partition_finished\"") != NULL;
    seen->drifts += strstr(event, "\"type\":\"drift_detected\"") != NULL;
    seen->failed_checks += strstr(event, "\"type\":\"check_finished\"") != NULL && strstr(event, "\"passed\":false") != NULL;
}

static void trip_at_slow(void *user_data, const char *event, size_t event_len) {
    (void)event_len;
    if (strstr(event, "\"type\":\"model_started\",\"model\":\"slow\"") != NULL) {
        rocky_cancel_trip(user_data);
    }
}

#define HEAD "id,customer,amount,ordered_at"

static void checks(void) {
    struct seen seen = {0, 0, 0};
    write_file("orders.csv", HEAD "\n1,1,20.00,2026-01-05 10:00:00\n2,1,-7.25,2026-02-20 12:00:00\n");
    rocky_buf *run = call(rocky_project_run, "{}", on_event, &seen, NULL);
    HOLDS(text(run), "\"checks_failed\":1");
    HOLDS(text(run), "\"sample\":[{\"id\":2,\"customer\":1,\"amount\":-7.25,");
    HOLDS(text(run), "does not pass its checks");
    CHECK(seen.failed_checks == 1);
    rocky_buf_free(run);
    write_file("orders.csv", HEAD "\n1,1,20.00,2026-01-05 10:00:00\n2,1,7.25,2026-02-20 12:00:00\n");
    run = call(rocky_project_run, "{\"resume_latest\": true}", NULL, NULL, NULL);
    HOLDS(text(run), "\"status\":\"Success\"");
    HOLDS(text(run), "\"resumed_from\":\"run-");
    rocky_buf_free(run);
}

static void plans(void) {
    struct seen seen = {0, 0, 0};
    char id[100], request[200];
    write_file("orders.csv", HEAD ",coupon\n1,1,20.00,2026-01-05 10:00:00,\n2,eu-3,7.25,2026-02-20 12:00:00,SPRING\n");
    rocky_buf *plan = call(rocky_project_plan, "{\"models\": [\"orders\"]}", NULL, NULL, NULL);
    HOLDS(text(plan), "\"action\":\"add_columns\",\"columns\":[\"coupon\"]");
    HOLDS(text(plan), "\"action\":\"alter_column_types\",\"columns\":[\"customer\"]");
    value(text(plan), "plan_id", id);
    rocky_buf_free(plan);
    snprintf(request, sizeof request, "{\"plan_id\": \"%s\"}", id);
    rocky_buf *run = call(rocky_project_apply, request, on_event, &seen, NULL);
    HOLDS(text(run), "\"status\":\"Success\"");
    HOLDS(text(run), id);
    CHECK(seen.drifts == 2);
    rocky_buf_free(run);

    plan = call(rocky_project_plan, "{\"models\": [\"customers\"]}", NULL, NULL, NULL);
    value(text(plan), "plan_id", id);
    rocky_buf_free(plan);
    write_file("models/customers.sql", "SELECT customer FROM orders\n");
    snprintf(request, sizeof request, "{\"plan_id\": \"%s\"}", id);
    refused(rocky_project_apply, request, ROCKY_STATUS_STALE, "Nothing was changed");
}

static void resume(void) {
    char id[100], request[200];
    write_file("models/customers.sql", "SELECT cast('x' AS INTEGER) AS n FROM orders\n");
    rocky_buf *run = call(rocky_project_run, "{}", NULL, NULL, NULL);
    HOLDS(text(run), "\"status\":\"PartialFailure\"");
    value(text(run), "run_id", id);
    rocky_buf_free(run);
    write_file("models/customers.sql", "SELECT customer, count(*) AS orders FROM orders GROUP BY ALL\n");
    snprintf(request, sizeof request, "{\"resume\": \"%s\"}", id);
    run = call(rocky_project_run, request, NULL, NULL, NULL);
    HOLDS(text(run), "\"status\":\"Success\"");
    HOLDS(text(run), "\"tables_copied\":1");
    rocky_buf_free(run);
}

static void partitions(void) {
    struct seen seen = {0, 0, 0};
    const char *range = "{\"models\": [\"revenue\"], \"from\": \"2026-01\", \"to\": \"2026-03\"}";
    rocky_buf *document = call(rocky_project_run, range, on_event, &seen, NULL);
    HOLDS(text(document), "\"partition\":{\"key\":\"2026-03\",\"start\":\"2026-03-01T00:00:00Z\"");
    CHECK(seen.partitions == 3);
    rocky_buf_free(document);
    const char *forget = "{\"action\": \"delete\", \"model\": \"revenue\", \"partition\": \"2026-02\"}";
    rocky_buf_free(call(rocky_project_state, forget, NULL, NULL, NULL));
    document = call(rocky_project_plan, "{\"models\": [\"revenue\"], \"missing\": true}", NULL, NULL, NULL);
    HOLDS(text(document), "\"partitions\":[{\"key\":\"2026-02\"");
    rocky_buf_free(document);
    document = call(rocky_project_state, "{\"model\": \"revenue\"}", NULL, NULL, NULL);
    HOLDS(text(document), "\"2026-03\"");
    CHECK(strstr(text(document), "\"2026-02\"") == NULL);
    rocky_buf_free(document);
    refused(rocky_project_run, "{\"partition\": \"2026-13\"}", ROCKY_STATUS_USAGE, "2026-13");
    refused(rocky_project_run, "{\"partition\": \"2026-01\", \"missing\": true}", ROCKY_STATUS_USAGE, "exclude each other");
}

static void key_and_hooks(void) {
    char id[100], told[8192], path[4096];
    const char *request = "{\"models\": [\"orders\"], \"idempotency_key\": \"nightly-1\"}";
    rocky_buf *run = call(rocky_project_run, request, NULL, NULL, NULL);
    value(text(run), "run_id", id);
    rocky_buf_free(run);
    run = call(rocky_project_run, request, NULL, NULL, NULL);
    HOLDS(text(run), "\"status\":\"SkippedIdempotent\"");
    HOLDS(text(run), id);
    rocky_buf_free(run);
    snprintf(path, sizeof path, "%s/told", folder);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    told[fread(told, 1, sizeof told - 1, file)] = '\0';
    fclose(file);
    HOLDS(told, id);
    HOLDS(told, "\"event\": \"after_model_run\"");
}

static void cancelled(void) {
    write_file("models/slow.sql",
               "SELECT count(*) AS n FROM orders, range(100000000000000) AS r(i) WHERE hash(r.i) % 7 = 3\n");
    rocky_cancel *cancel = rocky_cancel_new();
    rocky_buf *run = call(rocky_project_run, "{\"models\": [\"orders\", \"slow\"]}", trip_at_slow, cancel, cancel);
    rocky_cancel_free(cancel);
    HOLDS(text(run), "\"interrupted\":true");
    HOLDS(text(run), "\"tables_copied\":1");
    rocky_buf_free(run);
    write_file("models/slow.sql", "SELECT count(*) AS n FROM orders\n");
    run = call(rocky_project_run, "{\"models\": [\"orders\", \"slow\"], \"resume_latest\": true}", NULL, NULL, NULL);
    HOLDS(text(run), "\"status\":\"Success\"");
    HOLDS(text(run), "\"tables_skipped\":1");
    rocky_buf_free(run);
    rocky_buf *history = call(rocky_project_history, "{\"limit\": 2}", NULL, NULL, NULL);
    HOLDS(text(history), "\"interrupted\":true");
    rocky_buf_free(history);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    folder = argv[1];
    char request[4200];
    snprintf(request, sizeof request, "{\"config\": \"%s\"}", folder);
    rocky_engine *engine = NULL;
    rocky_project *opened = NULL;
    rocky_error *error = NULL;
    CHECK(rocky_engine_new(NULL, 0, &engine, &error) == ROCKY_STATUS_OK);
    CHECK(rocky_project_open(engine, request, strlen(request), &opened, &error) == ROCKY_STATUS_OK);
    rocky_engine_free(engine);
    project = opened;
    checks();
    plans();
    resume();
    partitions();
    key_and_hooks();
    cancelled();
    rocky_project_close(opened);
    puts("ok");
    return 0;
}
