// rocky for C++17: move-only handles around rocky.h, in one header.
//
//     rocky::Engine engine;
//     rocky::Project project(engine, R"({"config": "shop/rocky.toml"})");
//     std::string document = project.compile();
//
// Requests and documents are JSON, as rocky.h and core/schemas describe them; give and read them with the JSON library of
// your choice. A failed call throws rocky::Error; a mistake in a project is part of the document. The `const` methods of a
// project may be called at the same time from any threads; destroying or moving from it must not overlap with them.

#ifndef ROCKY_HPP
#define ROCKY_HPP

#include <rocky.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace rocky {

namespace detail {

struct Free {
    void operator()(rocky_engine *engine) const noexcept { rocky_engine_free(engine); }
    void operator()(rocky_project *project) const noexcept { rocky_project_close(project); }
    void operator()(rocky_cancel *cancel) const noexcept { rocky_cancel_free(cancel); }
    void operator()(rocky_error *error) const noexcept { rocky_error_free(error); }
    void operator()(rocky_buf *buf) const noexcept { rocky_buf_free(buf); }
};

template <typename T> using Owned = std::unique_ptr<T, Free>;

inline std::string text(const char *text) { return text == nullptr ? std::string() : std::string(text); }

} // namespace detail

/// A failed call. `what()` says what is wrong.
class Error : public std::runtime_error {
  public:
    explicit Error(const rocky_error *error)
        : std::runtime_error(detail::text(rocky_error_message(error))), status_(rocky_error_status(error)),
          code_(detail::text(rocky_error_code(error))), hint_(detail::text(rocky_error_hint(error))),
          json_(detail::text(rocky_error_json(error))) {}

    /// What the C function returned.
    rocky_status status() const noexcept { return status_; }
    /// The word for the status, e.g. `not_found`.
    const std::string &code() const noexcept { return code_; }
    /// What to do; empty when there is no advice.
    const std::string &hint() const noexcept { return hint_; }
    /// The error document.
    const std::string &json() const noexcept { return json_; }

  private:
    rocky_status status_;
    std::string code_;
    std::string hint_;
    std::string json_;
};

namespace detail {

/// Throw the error of a failed call.
inline void check(rocky_status status, rocky_error *error) {
    Owned<rocky_error> owned(error);
    if (status != ROCKY_STATUS_OK) {
        throw Error(owned.get());
    }
}

} // namespace detail

/// Version of the engine.
inline std::string version() { return rocky_version(); }

/// Stops the calls it was given to. Tripping is safe from any thread; a tripped token stays so.
class Cancel {
  public:
    Cancel() : handle_(rocky_cancel_new()) {}

    void trip() const noexcept { rocky_cancel_trip(handle_.get()); }
    bool is_tripped() const noexcept { return rocky_cancel_is_tripped(handle_.get()); }
    const rocky_cancel *get() const noexcept { return handle_.get(); }

  private:
    detail::Owned<rocky_cancel> handle_;
};

/// The thread pool that projects share. It may be destroyed before them.
class Engine {
  public:
    /// `options`: JSON, e.g. `{"threads": 4}`; empty for the defaults.
    explicit Engine(std::string_view options = {}) {
        if (rocky_abi_version() < ROCKY_ABI_VERSION) {
            throw std::runtime_error("librocky " + version() + " is older than the rocky.h of this program");
        }
        rocky_engine *engine = nullptr;
        rocky_error *error = nullptr;
        rocky_status status = rocky_engine_new(options.data(), options.size(), &engine, &error);
        handle_.reset(engine);
        detail::check(status, error);
    }

    const rocky_engine *get() const noexcept { return handle_.get(); }

  private:
    detail::Owned<rocky_engine> handle_;
};

/// Receives events (JSON) on the thread that called the verb. The text is valid until it returns. An exception cancels the
/// call and is thrown on by the verb.
using OnEvent = std::function<void(std::string_view event)>;

/// An opened project.
class Project {
  public:
    /// `request`: JSON, e.g. `{"config": "shop/rocky.toml"}`; empty for `rocky.toml` of the current folder.
    explicit Project(const Engine &engine, std::string_view request = {}) {
        rocky_project *project = nullptr;
        rocky_error *error = nullptr;
        rocky_status status =
            rocky_project_open(engine.get(), request.data(), request.size(), &project, &error);
        handle_.reset(project);
        detail::check(status, error);
    }

    /// Close before the destructor does. Every later call throws.
    void close() noexcept { handle_.reset(); }

    std::string compile(std::string_view request = {}, const OnEvent &on_event = {},
                        const Cancel *cancel = nullptr) const {
        return call(rocky_project_compile, request, on_event, cancel);
    }
    std::string plan(std::string_view request = {}, const OnEvent &on_event = {},
                     const Cancel *cancel = nullptr) const {
        return call(rocky_project_plan, request, on_event, cancel);
    }
    /// `{"plan_id": …}` of a plan of this project; throws with the status STALE when it no longer fits.
    std::string apply(std::string_view request, const OnEvent &on_event = {},
                      const Cancel *cancel = nullptr) const {
        return call(rocky_project_apply, request, on_event, cancel);
    }
    /// Compile and test without a warehouse: `exit_code` of the document is the verdict.
    std::string ci(std::string_view request = {}, const OnEvent &on_event = {},
                   const Cancel *cancel = nullptr) const {
        return call(rocky_project_ci, request, on_event, cancel);
    }
    /// Tables with the shadows that a run with `"shadow": true` made: `overall_verdict` is pass, warn or fail.
    std::string compare(std::string_view request = {}, const OnEvent &on_event = {},
                        const Cancel *cancel = nullptr) const {
        return call(rocky_project_compare, request, on_event, cancel);
    }
    /// After a trip of `cancel` in the middle, the document has `"interrupted": true`.
    std::string run(std::string_view request = {}, const OnEvent &on_event = {},
                    const Cancel *cancel = nullptr) const {
        return call(rocky_project_run, request, on_event, cancel);
    }
    std::string lineage(std::string_view request, const OnEvent &on_event = {},
                        const Cancel *cancel = nullptr) const {
        return call(rocky_project_lineage, request, on_event, cancel);
    }
    std::string validate(std::string_view request = {}, const OnEvent &on_event = {},
                         const Cancel *cancel = nullptr) const {
        return call(rocky_project_validate, request, on_event, cancel);
    }
    std::string discover(std::string_view request = {}, const OnEvent &on_event = {},
                         const Cancel *cancel = nullptr) const {
        return call(rocky_project_discover, request, on_event, cancel);
    }
    std::string state(std::string_view request = {}) const {
        return call(rocky_project_state, request, {}, nullptr);
    }
    /// `{"model": …}`: what checks measured of it.
    std::string metrics(std::string_view request, const OnEvent &on_event = {},
                        const Cancel *cancel = nullptr) const {
        return call(rocky_project_metrics, request, on_event, cancel);
    }
    std::string history(std::string_view request = {}) const {
        return call(rocky_project_history, request, {}, nullptr);
    }
    std::string test(std::string_view request = {}, const OnEvent &on_event = {},
                     const Cancel *cancel = nullptr) const {
        return call(rocky_project_test, request, on_event, cancel);
    }
    /// Neither the disk nor the warehouse is touched.
    std::string what_if(std::string_view request, const OnEvent &on_event = {},
                        const Cancel *cancel = nullptr) const {
        return call(rocky_project_what_if, request, on_event, cancel);
    }
    std::string diff(std::string_view request, const OnEvent &on_event = {},
                     const Cancel *cancel = nullptr) const {
        return call(rocky_project_diff, request, on_event, cancel);
    }
    /// Adds files to tables.
    std::string load(std::string_view request = {}, const OnEvent &on_event = {},
                     const Cancel *cancel = nullptr) const {
        return call(rocky_project_load, request, on_event, cancel);
    }
    /// Brings the history of a snapshot pipeline up to now.
    std::string snapshot(std::string_view request = {}, const OnEvent &on_event = {},
                         const Cancel *cancel = nullptr) const {
        return call(rocky_project_snapshot, request, on_event, cancel);
    }
    /// Makes tables of the CSV files in `seeds`.
    std::string seed(std::string_view request = {}, const OnEvent &on_event = {},
                     const Cancel *cancel = nullptr) const {
        return call(rocky_project_seed, request, on_event, cancel);
    }
    /// Lists them, or tries those of an event for real.
    std::string hooks(std::string_view request = {}, const Cancel *cancel = nullptr) const {
        return call(rocky_project_hooks, request, {}, cancel);
    }

  private:
    using Verb = decltype(&rocky_project_compile);

    struct Forward {
        const OnEvent &on_event;
        const Cancel &cancel;
        std::exception_ptr thrown;
    };

    static void forward(void *user_data, const char *event, std::size_t event_len) noexcept {
        auto &to = *static_cast<Forward *>(user_data);
        if (to.thrown) {
            return;
        }
        try {
            to.on_event(std::string_view(event, event_len));
        } catch (...) {
            // No exception may pass through the library.
            to.thrown = std::current_exception();
            to.cancel.trip();
        }
    }

    std::string call(Verb verb, std::string_view request, const OnEvent &on_event,
                     const Cancel *cancel) const {
        Cancel own;
        Forward to{on_event, cancel == nullptr ? own : *cancel, nullptr};
        rocky_buf *document = nullptr;
        rocky_error *error = nullptr;
        rocky_status status =
            verb(handle_.get(), request.data(), request.size(), on_event ? &Project::forward : nullptr, &to,
                 to.cancel.get(), &document, &error);
        detail::Owned<rocky_buf> owned(document);
        detail::Owned<rocky_error> owned_error(error);
        if (to.thrown) {
            std::rethrow_exception(to.thrown);
        }
        detail::check(status, owned_error.release());
        return std::string(rocky_buf_data(owned.get()), rocky_buf_len(owned.get()));
    }

    detail::Owned<rocky_project> handle_;
};

} // namespace rocky

#endif // ROCKY_HPP
