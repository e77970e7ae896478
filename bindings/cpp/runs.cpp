// What a run does beside writing, through rocky.hpp: checks, drift, plans that are applied, going on after a failure, windows of time, keys,
// hooks, state, cancelling. One argument: the folder of the project of the repository's README.

#include "rocky.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::cerr << __FILE__ << ":" << __LINE__ << ": " << #condition << "\n";                                    \
            std::exit(1);                                                                                              \
        }                                                                                                              \
    } while (false)

// The part must be in the document. A real program has a JSON library.
#define HOLDS(document, part)                                                                                          \
    do {                                                                                                               \
        if ((document).find(part) == std::string::npos) {                                                              \
            std::cerr << __FILE__ << ":" << __LINE__ << ": no " << (part) << " in\n" << (document) << "\n";            \
            std::exit(1);                                                                                              \
        }                                                                                                              \
    } while (false)

namespace {

std::string folder;

void write(const std::string &path, const std::string &text) { std::ofstream(folder + "/" + path) << text; }

// The text after `"key":"`.
std::string value(const std::string &document, const std::string &key) {
    std::string begin = "\"" + key + "\":\"";
    std::size_t at = document.find(begin);
    CHECK(at != std::string::npos);
    at += begin.size();
    return document.substr(at, document.find('"', at) - at);
}

std::size_t count(const std::string &document, const std::string &part) {
    std::size_t n = 0;
    for (std::size_t at = document.find(part); at != std::string::npos; at = document.find(part, at + 1)) {
        n += 1;
    }
    return n;
}

const std::string head = "id,customer,amount,ordered_at";
const std::string customers = "SELECT customer, count(*) AS orders FROM orders GROUP BY ALL\n";

void a_failing_check_is_in_the_document(const rocky::Project &project) {
    write("orders.csv", head + "\n1,1,20.00,2026-01-05 10:00:00\n2,1,-7.25,2026-02-20 12:00:00\n");
    std::string run = project.run();
    HOLDS(run, "\"status\":\"Failure\"");
    HOLDS(run, "\"checks_failed\":1");
    HOLDS(run, "\"sample\":[{\"id\":2,\"customer\":1,\"amount\":-7.25,");
    HOLDS(run, "does not pass its checks");
    write("orders.csv", head + "\n1,1,20.00,2026-01-05 10:00:00\n2,1,7.25,2026-02-20 12:00:00\n");
    std::string mended = project.run(R"({"resume_latest": true})");
    HOLDS(mended, "\"status\":\"Success\"");
    CHECK(value(mended, "resumed_from") == value(run, "run_id"));
}

void a_plan_with_drift_is_applied_or_stale(const rocky::Project &project) {
    write("orders.csv", head + ",coupon\n1,1,20.00,2026-01-05 10:00:00,\n2,eu-3,7.25,2026-02-20 12:00:00,SPRING\n");
    std::string plan = project.plan(R"({"models": ["orders"]})");
    HOLDS(plan, "\"action\":\"add_columns\",\"columns\":[\"coupon\"]");
    std::string id = value(plan, "plan_id");
    bool told = false;
    auto on_event = [&told](std::string_view event) {
        told |= event.find("\"type\":\"drift_detected\"") != std::string_view::npos;
    };
    std::string applied = project.apply("{\"plan_id\": \"" + id + "\"}", on_event);
    HOLDS(applied, "\"action\":\"alter_column_types\"");
    CHECK(told && value(applied, "plan_id") == id);

    id = value(project.plan(R"({"models": ["customers"]})"), "plan_id");
    write("models/customers.sql", "SELECT customer FROM orders\n");
    try {
        project.apply("{\"plan_id\": \"" + id + "\"}");
        CHECK(!"thrown");
    } catch (const rocky::Error &error) {
        CHECK(error.status() == ROCKY_STATUS_STALE && error.code() == "stale");
        HOLDS(std::string(error.what()), "`customers`");
    }
}

void a_run_goes_on_where_one_failed(const rocky::Project &project) {
    write("models/customers.sql", "SELECT cast('x' AS INTEGER) AS n FROM orders\n");
    std::string failed = project.run();
    HOLDS(failed, "\"status\":\"PartialFailure\"");
    write("models/customers.sql", customers);
    std::string rest = project.run("{\"resume\": \"" + value(failed, "run_id") + "\"}");
    HOLDS(rest, "\"status\":\"Success\"");
    HOLDS(rest, "\"tables_copied\":1");
    HOLDS(rest, "done by run-");
}

void windows_of_time_are_computed_and_remembered(const rocky::Project &project) {
    std::string seen;
    auto on_event = [&seen](std::string_view event) {
        if (event.find("\"type\":\"partition_finished\"") != std::string_view::npos) {
            seen += value(std::string(event), "partition") + " ";
        }
    };
    std::string run = project.run(R"({"models": ["revenue"], "from": "2026-01", "to": "2026-03"})", on_event);
    CHECK(seen == "2026-01 2026-02 2026-03 ");
    HOLDS(run, "\"partition\":{\"key\":\"2026-03\",\"start\":\"2026-03-01T00:00:00Z\"");
    HOLDS(project.state(R"({"action": "delete", "model": "revenue", "partition": "2026-02"})"), "state_delete");
    HOLDS(project.plan(R"({"models": ["revenue"], "missing": true})"), "\"partitions\":[{\"key\":\"2026-02\"");
    HOLDS(project.state(R"({"model": "revenue"})"), "\"2026-03\"");
    try {
        project.run(R"({"partition": "2026-13"})");
        CHECK(!"thrown");
    } catch (const rocky::Error &error) {
        CHECK(error.status() == ROCKY_STATUS_USAGE);
        HOLDS(std::string(error.what()), "2026-13");
    }
}

void a_key_is_used_once_and_hooks_are_told(const rocky::Project &project) {
    std::string request = R"({"models": ["orders"], "idempotency_key": "nightly-1"})";
    std::string first = project.run(request);
    std::string second = project.run(request);
    HOLDS(second, "\"status\":\"SkippedIdempotent\"");
    CHECK(value(second, "skipped_by_run_id") == value(first, "run_id"));
    std::stringstream told;
    told << std::ifstream(folder + "/told").rdbuf();
    CHECK(count(told.str(), value(first, "run_id")) == 1);
    HOLDS(project.hooks(), "\"event\":\"on_after_model_run\"");
}

void a_cancelled_run_says_what_it_did(const rocky::Project &project) {
    write("models/slow.sql",
          "SELECT count(*) AS n FROM orders, range(100000000000000) AS r(i) WHERE hash(r.i) % 7 = 3\n");
    rocky::Cancel cancel;
    auto on_event = [&cancel](std::string_view event) {
        if (event.find("\"type\":\"model_started\",\"model\":\"slow\"") != std::string_view::npos) {
            cancel.trip();
        }
    };
    std::string run = project.run(R"({"models": ["orders", "slow"]})", on_event, &cancel);
    HOLDS(run, "\"interrupted\":true");
    HOLDS(run, "\"tables_copied\":1");
    write("models/slow.sql", "SELECT count(*) AS n FROM orders\n");
    std::string rest = project.run(R"({"models": ["orders", "slow"], "resume_latest": true})");
    HOLDS(rest, "\"status\":\"Success\"");
    HOLDS(rest, "\"tables_skipped\":1");
    HOLDS(project.history(R"({"limit": 2})"), "\"interrupted\":true");
}

} // namespace

int main(int, char **argv) {
    folder = argv[1];
    rocky::Project project(rocky::Engine(R"({"threads": 2})"), "{\"config\": \"" + folder + "\"}");
    a_failing_check_is_in_the_document(project);
    a_plan_with_drift_is_applied_or_stale(project);
    a_run_goes_on_where_one_failed(project);
    windows_of_time_are_computed_and_remembered(project);
    a_key_is_used_once_and_hooks_are_told(project);
    a_cancelled_run_says_what_it_did(project);
    std::cout << "ok\n";
}
