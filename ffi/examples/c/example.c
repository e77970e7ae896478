// A tour of rocky.h in C11: compile a project, show its plan, run it with events and a deadline, trace a column.
//
//     cc -std=c11 -Iinclude ffi/examples/c/example.c -L<folder of librocky.so> -lrocky -lpthread -o example
//     ./example my-project customer_value.lifetime_value [deadline in milliseconds]
//
// Ends with 0 when everything succeeded, 1 when a call failed, 2 when the project has errors, 3 when the deadline cut the run.

#define _POSIX_C_SOURCE 200809L

#include <rocky.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// `text` as a JSON string inside of `before` and `after`. The caller frees it.
static char *json_with(const char *before, const char *text, const char *after) {
    char *json = malloc(strlen(before) + 6 * strlen(text) + strlen(after) + 3);
    if (json == NULL) {
        abort();
    }
    char *end = json + sprintf(json, "%s\"", before);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\' || (unsigned char)*text < 0x20) {
            end += sprintf(end, "\\u%04x", (unsigned)(unsigned char)*text);
        } else {
            *end++ = *text;
        }
    }
    sprintf(end, "\"%s", after);
    return json;
}

// Say what failed. Frees the error.
static int report(const char *what, rocky_error *error) {
    fprintf(stderr, "%s: %s (%s)\n", what, rocky_error_message(error), rocky_error_code(error));
    if (rocky_error_hint(error) != NULL) {
        fprintf(stderr, "  %s\n", rocky_error_hint(error));
    }
    rocky_error_free(error);
    return 1;
}

// Whether a document holds a member with this value. A real program has a JSON library.
static bool holds(const rocky_buf *document, const char *member) {
    return strstr(rocky_buf_data(document), member) != NULL;
}

// Counts models; called on the thread that called rocky_project_run.
static void on_event(void *user_data, const char *event, size_t event_len) {
    int *finished = user_data;
    if (strstr(event, "\"type\":\"model_finished\"") != NULL) {
        *finished += 1;
        printf("event: %.*s\n", (int)event_len, event);
    }
}

// Trips a token when the time is over, from a thread of its own.
struct deadline {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool over;
    struct timespec at;
    rocky_cancel *cancel;
};

static void *watch(void *data) {
    struct deadline *deadline = data;
    int waited = 0;
    pthread_mutex_lock(&deadline->mutex);
    while (!deadline->over && waited == 0) {
        waited = pthread_cond_timedwait(&deadline->changed, &deadline->mutex, &deadline->at);
    }
    if (!deadline->over) {
        rocky_cancel_trip(deadline->cancel);
    }
    pthread_mutex_unlock(&deadline->mutex);
    return NULL;
}

static void start(struct deadline *deadline, long milliseconds, rocky_cancel *cancel) {
    pthread_mutex_init(&deadline->mutex, NULL);
    pthread_cond_init(&deadline->changed, NULL);
    deadline->over = false;
    deadline->cancel = cancel;
    clock_gettime(CLOCK_REALTIME, &deadline->at);
    deadline->at.tv_sec += milliseconds / 1000;
    deadline->at.tv_nsec += milliseconds % 1000 * 1000000;
    if (deadline->at.tv_nsec >= 1000000000) {
        deadline->at.tv_sec += 1;
        deadline->at.tv_nsec -= 1000000000;
    }
    if (pthread_create(&deadline->thread, NULL, watch, deadline) != 0) {
        abort();
    }
}

static void stop(struct deadline *deadline) {
    pthread_mutex_lock(&deadline->mutex);
    deadline->over = true;
    pthread_cond_signal(&deadline->changed);
    pthread_mutex_unlock(&deadline->mutex);
    pthread_join(deadline->thread, NULL);
    pthread_cond_destroy(&deadline->changed);
    pthread_mutex_destroy(&deadline->mutex);
}

static int tour(const rocky_project *project, const char *column, long milliseconds) {
    rocky_buf *document = NULL;
    rocky_error *error = NULL;

    if (rocky_project_compile(project, NULL, 0, NULL, NULL, NULL, &document, &error) != ROCKY_STATUS_OK) {
        return report("compile", error);
    }
    bool broken = holds(document, "\"has_errors\":true");
    printf("compile: %zu bytes, %s\n", rocky_buf_len(document), broken ? "with errors" : "no errors");
    if (broken) {
        puts(rocky_buf_data(document));
    }
    rocky_buf_free(document);
    if (broken) {
        return 2;
    }

    if (rocky_project_plan(project, NULL, 0, NULL, NULL, NULL, &document, &error) != ROCKY_STATUS_OK) {
        return report("plan", error);
    }
    printf("plan: %zu bytes\n", rocky_buf_len(document));
    rocky_buf_free(document);

    int finished = 0;
    rocky_cancel *cancel = rocky_cancel_new();
    struct deadline deadline;
    start(&deadline, milliseconds, cancel);
    rocky_status status =
        rocky_project_run(project, NULL, 0, on_event, &finished, cancel, &document, &error);
    stop(&deadline);
    rocky_cancel_free(cancel);
    if (status != ROCKY_STATUS_OK) {
        return report("run", error);
    }
    bool interrupted = holds(document, "\"interrupted\":true");
    bool success = holds(document, "\"status\":\"Success\"");
    printf("run: %d models, %s\n", finished, interrupted ? "interrupted" : success ? "success" : "failure");
    rocky_buf_free(document);
    if (interrupted) {
        return 3;
    }
    if (!success) {
        return 2;
    }

    char *request = json_with("{\"target\":", column, "}");
    status = rocky_project_lineage(project, request, strlen(request), NULL, NULL, NULL, &document, &error);
    free(request);
    if (status != ROCKY_STATUS_OK) {
        return report("lineage", error);
    }
    printf("lineage: %s\n", rocky_buf_data(document));
    rocky_buf_free(document);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: %s PROJECT MODEL.COLUMN [MILLISECONDS]\n", argv[0]);
        return 1;
    }
    if (rocky_abi_version() < ROCKY_ABI_VERSION) {
        fprintf(stderr, "librocky %s is older than this program\n", rocky_version());
        return 1;
    }
    printf("rocky %s\n", rocky_version());

    rocky_engine *engine = NULL;
    rocky_project *project = NULL;
    rocky_error *error = NULL;
    const char *options = "{\"threads\": 2}";
    if (rocky_engine_new(options, strlen(options), &engine, &error) != ROCKY_STATUS_OK) {
        return report("engine", error);
    }
    char *request = json_with("{\"config\":", argv[1], "}");
    rocky_status status = rocky_project_open(engine, request, strlen(request), &project, &error);
    free(request);
    // The project keeps what it needs of the engine.
    rocky_engine_free(engine);
    if (status != ROCKY_STATUS_OK) {
        return report("open", error);
    }
    int code = tour(project, argv[2], argc > 3 ? strtol(argv[3], NULL, 10) : 60000);
    rocky_project_close(project);
    return code;
}
