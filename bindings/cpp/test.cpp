// What rocky.hpp promises: ownership, exceptions, threads. One argument: the folder of a project that may be run.

#include "rocky.hpp"

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

static_assert(!std::is_copy_constructible_v<rocky::Project> && std::is_nothrow_move_constructible_v<rocky::Project>);
static_assert(!std::is_copy_constructible_v<rocky::Engine> && std::is_nothrow_move_constructible_v<rocky::Engine>);
static_assert(!std::is_copy_constructible_v<rocky::Cancel> && std::is_nothrow_move_constructible_v<rocky::Cancel>);
static_assert(std::is_base_of_v<std::runtime_error, rocky::Error>);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::cerr << __FILE__ << ":" << __LINE__ << ": " << #condition << "\n";                                    \
            std::exit(1);                                                                                              \
        }                                                                                                              \
    } while (false)

namespace {

bool holds(const std::string &document, std::string_view part) { return document.find(part) != std::string::npos; }

void an_error_has_status_code_hint_and_document(const rocky::Project &project) {
    try {
        project.compile(R"({"model": "customer_valeu"})");
        CHECK(!"thrown");
    } catch (const rocky::Error &error) {
        CHECK(error.status() == ROCKY_STATUS_USAGE);
        CHECK(error.code() == "usage");
        CHECK(holds(error.what(), "customer_valeu"));
        CHECK(holds(error.hint(), "customer_value"));
        CHECK(holds(error.json(), "\"command\":\"compile\""));
    }
    try {
        rocky::Project(rocky::Engine(), R"({"config": "/nowhere"})");
        CHECK(!"thrown");
    } catch (const rocky::Error &error) {
        CHECK(error.status() == ROCKY_STATUS_NOT_FOUND);
    }
}

void an_exception_of_the_callback_comes_out_of_the_verb(const rocky::Project &project) {
    struct Mine {};
    int events = 0;
    rocky::Cancel cancel;
    bool thrown = false;
    try {
        project.run({}, [&events](std::string_view) { events += 1; throw Mine(); }, &cancel);
    } catch (const Mine &) {
        thrown = true;
    }
    CHECK(thrown);
    CHECK(events == 1);
    CHECK(cancel.is_tripped());
}

void a_tripped_token_cancels(const rocky::Project &project) {
    rocky::Cancel cancel;
    cancel.trip();
    try {
        project.compile({}, {}, &cancel);
        CHECK(!"thrown");
    } catch (const rocky::Error &error) {
        CHECK(error.status() == ROCKY_STATUS_CANCELLED);
    }
}

void threads_share_a_project(const rocky::Project &project) {
    std::string one, two;
    std::thread first([&] { one = project.lineage(R"({"target": "customer_value.lifetime_value"})"); });
    std::thread second([&] { two = project.lineage(R"({"target": "customer_value.lifetime_value"})"); });
    first.join();
    second.join();
    CHECK(one == two);
    CHECK(holds(one, "\"trace\":[{"));
}

void a_moved_or_closed_project_throws(rocky::Project project) {
    rocky::Project other = std::move(project);
    CHECK(holds(other.validate(), "\"command\":\"validate\""));
    CHECK(holds(other.discover(), "\"command\":\"discover\""));
    CHECK(holds(other.run(), "\"status\":\"Success\""));
    CHECK(holds(other.state(), "\"command\":\"state\""));
    CHECK(holds(other.history(), "\"command\":\"history\""));
    CHECK(holds(other.test(), "\"command\":\"test\""));
    std::string edit = R"({"edits": [{"path": "models/staging/stg_orders.sql", "text": null}]})";
    CHECK(holds(other.what_if(edit), "\"models_removed\":1"));
    CHECK(holds(other.diff(R"({"against": "."})"), "\"models\":[]"));
    for (std::string (rocky::Project::*verb)(std::string_view, const rocky::OnEvent &, const rocky::Cancel *) const :
         {&rocky::Project::load, &rocky::Project::snapshot, &rocky::Project::seed}) {
        try {
            (other.*verb)({}, {}, nullptr);
            CHECK(!"thrown");
        } catch (const rocky::Error &error) {
            CHECK(error.status() == ROCKY_STATUS_USAGE || error.status() == ROCKY_STATUS_NOT_FOUND);
        }
    }
    other.close();
    other.close();
    for (const rocky::Project *gone : {&project, &other}) { // NOLINT: used after the move on purpose
        try {
            gone->compile();
            CHECK(!"thrown");
        } catch (const rocky::Error &error) {
            CHECK(error.status() == ROCKY_STATUS_INVALID_ARGUMENT);
        }
    }
}

} // namespace

int main(int, char **argv) {
    std::string request = std::string(R"({"config": ")") + argv[1] + "\"}";
    rocky::Project project(rocky::Engine(R"({"threads": 2})"), request);
    an_error_has_status_code_hint_and_document(project);
    an_exception_of_the_callback_comes_out_of_the_verb(project);
    a_tripped_token_cancels(project);
    threads_share_a_project(project);
    a_moved_or_closed_project_throws(std::move(project));
    std::cout << "ok " << rocky::version() << "\n";
}
