// What a run does beside writing, through rocky.h: a failing check, drift, a plan that is applied or stale, going on after a failure, windows
// of time, a key, hooks, cancelling; loading, seeds, histories, shadows, tests; and what is refused. Arguments: the folder of the project of the
// repository's README, and one of several pipelines.

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

static const char *text(const rocky_buf *document) { return rocky_buf_data(document); }

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
    rocky_status status = verb(project, request, strlen(request), NULL, NULL, NULL, &document, &error);
    if (status != expected) {
        fail(__LINE__, request, error == NULL ? text(document) : rocky_error_json(error));
    }
    CHECK(document == NULL);
    HOLDS(rocky_error_message(error), part);
    // The documented document: the verb, the word for the status, the message.
    CHECK(rocky_error_status(error) == expected);
    CHECK(strcmp(rocky_error_code(error), rocky_status_name(expected)) == 0);
    const char *json = rocky_error_json(error);
    HOLDS(json, "\"version\":\"");
    HOLDS(json, "\"command\":\"");
    HOLDS(json, "\"error\":{\"code\":\"");
    HOLDS(json, rocky_error_code(error));
    HOLDS(json, "\"message\":\"");
    rocky_error_free(error);
}

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

static void loading(void) {
    rocky_buf *loaded = call(rocky_project_load, "", NULL, NULL, NULL);
    HOLDS(text(loaded), "\"files_loaded\":1,\"files_failed\":0,\"files_skipped\":0,\"total_rows\":2");
    HOLDS(text(loaded), "\"target\":\"store.main.orders\",\"status\":\"loaded\",\"rows_loaded\":2");
    rocky_buf_free(loaded);
    write_file("in/2.csv", "id,amount\n3,7\n");
    write_file("in/3.parquet", "nonsense");
    loaded = call(rocky_project_load, "{\"pipeline\": \"files\", \"format\": \"parquet\"}", NULL, NULL, NULL);
    HOLDS(text(loaded), "\"files_failed\":1");
    HOLDS(text(loaded), "\"status\":\"failed\"");
    HOLDS(text(loaded), "too small to be a Parquet file");
    rocky_buf_free(loaded);
    loaded = call(rocky_project_load, "{\"pipeline\": \"files\", \"format\": \"csv\"}", NULL, NULL, NULL);
    HOLDS(text(loaded), "\"files_loaded\":1,\"files_failed\":0,\"files_skipped\":1,\"total_rows\":1");
    rocky_buf_free(loaded);
    refused(rocky_project_load, "{\"pipeline\": \"history\"}", ROCKY_STATUS_USAGE, "has no `source_dir`");
    refused(rocky_project_load, "{\"force\": \"yes\"}", ROCKY_STATUS_USAGE, "invalid type");
}

static void seeds_and_histories(void) {
    rocky_buf *document = call(rocky_project_seed, "{\"filter\": \"regions\"}", NULL, NULL, NULL);
    HOLDS(text(document), "\"tables_loaded\":1,\"tables_failed\":0");
    HOLDS(text(document), "\"target\":\"store.seeds.regions\",\"file\":\"seeds/regions.csv\",\"rows\":2,\"columns\":2");
    rocky_buf_free(document);
    refused(rocky_project_seed, "{\"filter\": \"nosuch\"}", ROCKY_STATUS_USAGE, "no seed `nosuch`");
    document = call(rocky_project_snapshot, "{\"dry_run\": true}", NULL, NULL, NULL);
    HOLDS(text(document), "\"dry_run\":true");
    HOLDS(text(document), "\"status\":\"dry_run\"");
    rocky_buf_free(document);
    document = call(rocky_project_snapshot, "", NULL, NULL, NULL);
    HOLDS(text(document), "\"rows_inserted\":3");
    HOLDS(text(document), "\"step\":\"initial_load\"");
    rocky_buf_free(document);
    write_file("in/4.csv", "id,amount\n4,9\n");
    rocky_buf_free(call(rocky_project_load, "{\"format\": \"csv\"}", NULL, NULL, NULL));
    document = call(rocky_project_snapshot, "{\"pipeline\": \"history\"}", NULL, NULL, NULL);
    HOLDS(text(document), "\"rows_inserted\":1");
    rocky_buf_free(document);
    refused(rocky_project_snapshot, "{\"pipeline\": \"models\"}", ROCKY_STATUS_USAGE, "not snapshot");
}

static void shadows_and_tests(void) {
    rocky_buf_free(call(rocky_project_run, "{\"pipeline\": \"models\"}", NULL, NULL, NULL));
    rocky_buf *document = call(rocky_project_compare, "{\"pipeline\": \"models\"}", NULL, NULL, NULL);
    HOLDS(text(document), "\"status\":\"missing_shadow\"");
    HOLDS(text(document), "\"overall_verdict\":\"fail\"");
    rocky_buf_free(document);
    rocky_buf_free(call(rocky_project_run, "{\"pipeline\": \"models\", \"shadow\": true}", NULL, NULL, NULL));
    document = call(rocky_project_compare, "{\"pipeline\": \"models\"}", NULL, NULL, NULL);
    HOLDS(text(document), "\"overall_verdict\":\"pass\"");
    HOLDS(text(document), "\"production_count\":4,\"shadow_count\":4");
    HOLDS(text(document), "\"equal\":true,\"key\":[\"id\"]");
    rocky_buf_free(document);
    write_file("models/doubles.sql", "SELECT id, CASE id WHEN 3 THEN 0 ELSE amount * 2 END AS double FROM main.orders\n");
    rocky_buf_free(call(rocky_project_run, "{\"pipeline\": \"models\", \"shadow\": true}", NULL, NULL, NULL));
    document = call(rocky_project_compare, "{\"pipeline\": \"models\"}", NULL, NULL, NULL);
    HOLDS(text(document), "\"overall_verdict\":\"fail\"");
    HOLDS(text(document), "\"rows_only_in_production\":0,\"rows_only_in_shadow\":0,\"rows_changed\":1");
    rocky_buf_free(document);
    document = call(rocky_project_compare, "{\"pipeline\": \"models\", \"cleanup\": true}", NULL, NULL, NULL);
    HOLDS(text(document), "\"dropped\":[\"store.main.doubles_rocky_shadow\"]");
    rocky_buf_free(document);
    refused(rocky_project_compare, "{\"pipeline\": \"nosuch\"}", ROCKY_STATUS_USAGE, "unknown pipeline `nosuch`");

    document = call(rocky_project_test, "", NULL, NULL, NULL);
    HOLDS(text(document), "\"total\":1,\"passed\":1,\"failed\":0");
    rocky_buf_free(document);
    document = call(rocky_project_test, "{\"declarative\": true, \"pipeline\": \"models\"}", NULL, NULL, NULL);
    HOLDS(text(document), "\"declarative\":{\"total\":1,\"passed\":1,\"failed\":0");
    rocky_buf_free(document);
    refused(rocky_project_test, "{\"model\": \"nosuch\"}", ROCKY_STATUS_USAGE, "unknown model `nosuch`");
    refused(rocky_project_apply, "{\"plan_id\": \"0123456789abcdef\"}", ROCKY_STATUS_NOT_FOUND, "is not known here");
}

// What no verb takes.
static void bad_input(void) {
    static const struct {
        verb verb;
        const char *name, *wrong_type;
    } verbs[] = {
        {rocky_project_run, "run", "{\"models\": 7}"},          {rocky_project_apply, "apply", "{\"plan_id\": 7}"},
        {rocky_project_load, "load", "{\"pipeline\": 7}"},      {rocky_project_seed, "seed", "{\"seeds\": []}"},
        {rocky_project_snapshot, "snapshot", "{\"dry_run\": 1}"}, {rocky_project_compare, "compare", "{\"key\": \"id\"}"},
        {rocky_project_test, "test", "{\"vars\": []}"},
    };
    char id[100], apply[200];
    rocky_buf *plan = call(rocky_project_plan, "{\"pipeline\": \"models\"}", NULL, NULL, NULL);
    value(text(plan), "plan_id", id);
    rocky_buf_free(plan);
    snprintf(apply, sizeof apply, "{\"plan_id\": \"%s\"}", id);
    rocky_cancel *cancel = rocky_cancel_new();
    rocky_cancel_trip(cancel);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char command[64];
        snprintf(command, sizeof command, "\"command\":\"%s\"", verbs[i].name);
        refused(verbs[i].verb, "{\"nosuch\": 1}", ROCKY_STATUS_USAGE, "unknown field `nosuch`");
        refused(verbs[i].verb, verbs[i].wrong_type, ROCKY_STATUS_USAGE, "invalid type");
        refused(verbs[i].verb, "[]", ROCKY_STATUS_USAGE, "a list");
        refused(verbs[i].verb, "{", ROCKY_STATUS_USAGE, "");
        const char *request = "{}";
        if (verbs[i].verb == rocky_project_apply) {
            request = apply;
        } else if (verbs[i].verb == rocky_project_run || verbs[i].verb == rocky_project_compare) {
            request = "{\"pipeline\": \"models\"}";
        }
        struct {
            const rocky_project *project;
            const char *request;
            size_t len;
            const rocky_cancel *cancel;
            rocky_status status;
        } calls[] = {
            {NULL, request, strlen(request), NULL, ROCKY_STATUS_INVALID_ARGUMENT},
            {project, NULL, 1, NULL, ROCKY_STATUS_INVALID_ARGUMENT},
            {project, "\xff", 1, NULL, ROCKY_STATUS_INVALID_ARGUMENT},
            {project, request, strlen(request), cancel, ROCKY_STATUS_CANCELLED},
        };
        for (size_t j = 0; j < sizeof calls / sizeof *calls; j++) {
            rocky_buf *document = NULL;
            rocky_error *error = NULL;
            if (verbs[i].verb(calls[j].project, calls[j].request, calls[j].len, NULL, NULL, calls[j].cancel, &document,
                              &error) != calls[j].status) {
                fail(__LINE__, command, rocky_status_name(calls[j].status));
            }
            CHECK(document == NULL && strcmp(rocky_error_code(error), rocky_status_name(calls[j].status)) == 0);
            HOLDS(rocky_error_json(error), command);
            rocky_error_free(error);
        }
    }
    rocky_cancel_free(cancel);
    // No request at all is an empty one; to apply there must be a plan.
    refused(rocky_project_apply, "", ROCKY_STATUS_USAGE, "plan_id");
}

static rocky_project *open_folder(const rocky_engine *engine, const char *path) {
    char request[4200];
    rocky_project *opened = NULL;
    rocky_error *error = NULL;
    snprintf(request, sizeof request, "{\"config\": \"%s\"}", path);
    CHECK(rocky_project_open(engine, request, strlen(request), &opened, &error) == ROCKY_STATUS_OK);
    folder = path;
    return opened;
}

static void no_project(const rocky_engine *engine) {
    const char *request = "{\"config\": \"/nowhere/rocky.toml\"}";
    rocky_project *opened = NULL;
    rocky_error *error = NULL;
    CHECK(rocky_project_open(engine, request, strlen(request), &opened, &error) == ROCKY_STATUS_NOT_FOUND);
    CHECK(opened == NULL);
    HOLDS(rocky_error_json(error), "\"command\":\"open\"");
    HOLDS(rocky_error_json(error), "\"code\":\"not_found\"");
    rocky_error_free(error);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    rocky_engine *engine = NULL;
    rocky_error *error = NULL;
    CHECK(rocky_engine_new(NULL, 0, &engine, &error) == ROCKY_STATUS_OK);
    no_project(engine);
    rocky_project *opened = open_folder(engine, argv[1]);
    project = opened;
    checks();
    plans();
    resume();
    partitions();
    key_and_hooks();
    cancelled();
    rocky_project_close(opened);
    opened = open_folder(engine, argv[2]);
    rocky_engine_free(engine);
    project = opened;
    loading();
    seeds_and_histories();
    shadows_and_tests();
    bad_input();
    rocky_project_close(opened);
    puts("ok");
    return 0;
}
