// A tour of rocky.hpp: compile a project, show its plan, run it with events and a deadline, trace a column.
//
//     ./example my-project customer_value.lifetime_value [deadline in milliseconds]
//
// Ends with 0 when everything succeeded, 1 when a call failed, 3 when the deadline cut the run.

#include "rocky.hpp"

#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

namespace {

// `text` as a JSON string. A real program has a JSON library.
std::string quoted(std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string json = "\"";
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\' || byte < 0x20) {
            json += "\\u00";
            json += digits[byte >> 4];
            json += digits[byte & 15];
        } else {
            json += c;
        }
    }
    return json + "\"";
}

// Trips a token when the time is over, from a thread of its own; gives up when it is destroyed.
class Deadline {
  public:
    Deadline(const rocky::Cancel &cancel, std::chrono::milliseconds after)
        : thread_([this, &cancel, after] {
              std::unique_lock<std::mutex> lock(mutex_);
              if (!changed_.wait_for(lock, after, [this] { return over_; })) {
                  cancel.trip();
              }
          }) {}
    Deadline(const Deadline &) = delete;
    Deadline &operator=(const Deadline &) = delete;
    ~Deadline() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            over_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    std::thread thread_;
};

int tour(const std::string &path, const std::string &column, std::chrono::milliseconds deadline) {
    rocky::Engine engine(R"({"threads": 2})");
    rocky::Project project(engine, "{\"config\":" + quoted(path) + "}");

    std::cout << "compile: " << project.compile().size() << " bytes\n";
    std::cout << "plan: " << project.plan().size() << " bytes\n";

    // A call that fails throws; this model does not exist.
    try {
        project.compile(R"({"model": "no_such_model"})");
    } catch (const rocky::Error &error) {
        std::cout << "error: " << error.what() << " (" << error.code() << "), " << error.hint() << "\n";
    }

    rocky::Cancel cancel;
    int finished = 0;
    auto on_event = [&finished](std::string_view event) {
        finished += event.find("\"type\":\"model_finished\"") != std::string_view::npos;
    };
    std::string run;
    {
        Deadline watch(cancel, deadline);
        run = project.run({}, on_event, &cancel);
    }
    bool interrupted = run.find("\"interrupted\":true") != std::string::npos;
    std::cout << "run: " << finished << " models, " << (interrupted ? "interrupted" : "complete") << "\n";
    if (interrupted) {
        return 3;
    }
    std::cout << "lineage: " << project.lineage("{\"target\":" + quoted(column) + "}") << "\n";
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 3) {
        std::cerr << "usage: " << argv[0] << " PROJECT MODEL.COLUMN [MILLISECONDS]\n";
        return 1;
    }
    try {
        return tour(argv[1], argv[2], std::chrono::milliseconds(argc > 3 ? std::stol(argv[3]) : 60000));
    } catch (const std::exception &error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
}
