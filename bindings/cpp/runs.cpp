// What a run does beside writing, through rocky.hpp: checks, drift, plans that are applied, going on after a failure, windows of time, keys,
// hooks, state, cancelling; loading, seeds, histories, shadows, tests; and what is refused. Arguments: the folder of the project of the
// repository's README, and one of several pipelines.

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

// The call must throw, with this status and a message that holds the part; its document names the verb.
template <typename Call>
void refused(Call call, const std::string &verb, rocky_status status, const std::string &part) {
    try {
        call();
    } catch (const rocky::Error &error) {
        CHECK(error.status() == status && error.code() == rocky_status_name(status));
        HOLDS(std::string(error.what()), part);
        HOLDS(std::string(error.json()), "\"command\":\"" + verb + "\"");
        HOLDS(std::string(error.json()), "\"error\":{\"code\":\"" + std::string(error.code()) + "\",\"message\":\"");
        return;
    }
    CHECK(!"thrown");
}

void files_are_loaded_and_have_a_history(const rocky::Project &project) {
    std::string loaded = project.load();
    HOLDS(loaded, "\"files_loaded\":1,\"files_failed\":0,\"files_skipped\":0,\"total_rows\":2");
    write("in/2.csv", "id,amount\n3,7\n");
    write("in/3.parquet", "nonsense");
    std::string failed = project.load(R"({"format": "parquet"})");
    HOLDS(failed, "\"files_failed\":1");
    HOLDS(failed, "too small to be a Parquet file");
    std::string more = project.load(R"({"format": "csv"})");
    HOLDS(more, "\"files_loaded\":1,\"files_failed\":0,\"files_skipped\":1,\"total_rows\":1");
    refused([&] { project.load(R"({"pipeline": "history"})"); }, "load", ROCKY_STATUS_USAGE, "has no `source_dir`");

    HOLDS(project.seed(), "\"file\":\"seeds/regions.csv\",\"rows\":2,\"columns\":2");
    refused([&] { project.seed(R"({"filter": "nosuch"})"); }, "seed", ROCKY_STATUS_USAGE, "no seed `nosuch`");

    HOLDS(project.snapshot(R"({"dry_run": true})"), "\"status\":\"dry_run\"");
    HOLDS(project.snapshot(), "\"rows_inserted\":3");
    write("in/4.csv", "id,amount\n4,9\n");
    project.load(R"({"format": "csv"})");
    HOLDS(project.snapshot(R"({"pipeline": "history"})"), "\"rows_inserted\":1");
    refused([&] { project.snapshot(R"({"pipeline": "models"})"); }, "snapshot", ROCKY_STATUS_USAGE, "not snapshot");
}

void shadows_are_compared_and_tests_are_run(const rocky::Project &project) {
    const std::string models = R"({"pipeline": "models"})", shadow = R"({"pipeline": "models", "shadow": true})";
    project.run(models);
    project.run(shadow);
    std::string same = project.compare(models);
    HOLDS(same, "\"overall_verdict\":\"pass\"");
    HOLDS(same, "\"production_count\":4,\"shadow_count\":4");
    write("models/doubles.sql", "SELECT id, CASE id WHEN 3 THEN 0 ELSE amount * 2 END AS double FROM main.orders\n");
    project.run(shadow);
    std::string other = project.compare(models);
    HOLDS(other, "\"overall_verdict\":\"fail\"");
    HOLDS(other, "\"rows_changed\":1");
    HOLDS(project.compare(R"({"pipeline": "models", "cleanup": true})"), "\"dropped\":[\"store.main.doubles_rocky_shadow\"]");
    refused([&] { project.compare(R"({"pipeline": "nosuch"})"); }, "compare", ROCKY_STATUS_USAGE, "unknown pipeline");

    HOLDS(project.test(), "\"total\":1,\"passed\":1,\"failed\":0");
    HOLDS(project.test(R"({"declarative": true, "pipeline": "models"})"), "\"declarative\":{\"total\":1,\"passed\":1");
    refused([&] { project.test(R"({"model": "nosuch"})"); }, "test", ROCKY_STATUS_USAGE, "unknown model `nosuch`");
    refused([&] { project.apply(R"({"plan_id": "0123456789abcdef"})"); }, "apply", ROCKY_STATUS_NOT_FOUND, "not known here");
}

void bad_input_is_refused(const rocky::Project &project) {
    rocky::Cancel tripped;
    tripped.trip();
    using Verb = std::string (rocky::Project::*)(std::string_view, const rocky::OnEvent &, const rocky::Cancel *) const;
    const struct {
        Verb verb;
        std::string name, wrong_type;
    } verbs[] = {
        {&rocky::Project::run, "run", R"({"models": 7})"},
        {&rocky::Project::apply, "apply", R"({"plan_id": 7})"},
        {&rocky::Project::load, "load", R"({"pipeline": 7})"},
        {&rocky::Project::seed, "seed", R"({"seeds": []})"},
        {&rocky::Project::snapshot, "snapshot", R"({"dry_run": 1})"},
        {&rocky::Project::compare, "compare", R"({"key": "id"})"},
        {&rocky::Project::test, "test", R"({"vars": []})"},
    };
    for (const auto &[verb, name, wrong_type] : verbs) {
        auto call = [&project, verb = verb](std::string request, const rocky::Cancel *cancel = nullptr) {
            return [&project, verb, request, cancel] { (project.*verb)(request, {}, cancel); };
        };
        refused(call(R"({"nosuch": 1})"), name, ROCKY_STATUS_USAGE, "unknown field `nosuch`");
        refused(call(wrong_type), name, ROCKY_STATUS_USAGE, "invalid type");
        refused(call("{"), name, ROCKY_STATUS_USAGE, "");
        refused(call("\xff"), name, ROCKY_STATUS_INVALID_ARGUMENT, "not UTF-8");
        std::string request;
        if (name == "apply") {
            request = "{\"plan_id\": \"" + value(project.plan(R"({"pipeline": "models"})"), "plan_id") + "\"}";
        } else if (name == "run" || name == "compare") {
            request = R"({"pipeline": "models"})";
        }
        refused(call(request, &tripped), name, ROCKY_STATUS_CANCELLED, "");
    }
    refused([&] { project.apply(""); }, "apply", ROCKY_STATUS_USAGE, "plan_id");
    auto nowhere = [] { rocky::Project(rocky::Engine(), R"({"config": "/nowhere/rocky.toml"})"); };
    refused(nowhere, "open", ROCKY_STATUS_NOT_FOUND, "/nowhere/rocky.toml");
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
    folder = argv[2];
    rocky::Project store(rocky::Engine(), "{\"config\": \"" + folder + "\"}");
    files_are_loaded_and_have_a_history(store);
    shadows_are_compared_and_tests_are_run(store);
    bad_input_is_refused(store);
    std::cout << "ok\n";
}
