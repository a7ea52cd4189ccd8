// What a process knows of the others that mpirun started, and its thread that speaks MPI: jobs begin there in the order in
// which JavaScript gave them, so that they are the same on all, and go on while JavaScript computes.
#pragma once

#include <mpi.h>
#include <napi.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "halves.h"
#include "patience.h"

// How long the thread rests between two looks at jobs under way, while JavaScript computes and needs the core.
constexpr auto REST = std::chrono::microseconds(40);
// Jobs under way at once.
constexpr size_t MOST_UNDER_WAY = 4;

enum class Kind { sum, broadcast, gather };

struct Job {
  Kind kind;
  void* data;
  void* all;
  int count;
  MPI_Datatype type;
  // Keep the arrays; JavaScript's thread lets them go.
  Napi::ObjectReference data_kept, all_kept;
  bool is_done = false;
  std::string error;
};

// What MPI adds halves up with.
inline void add_halves(void* from, void* to, int* count, MPI_Datatype*) {
  const auto* a = static_cast<const uint16_t*>(from);
  auto* b = static_cast<uint16_t*>(to);
  for (int i = 0; i < *count; i++) b[i] = half_of(float_of(a[i]) + float_of(b[i]));
}

inline std::string words_of(int code) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  return std::string(text, static_cast<size_t>(length));
}

// What the process knows of the others, and the thread that speaks to them.
class World {
 public:
  int rank = 0, count = 1;
  std::string host;

  // Joins the others; an empty text, or why that was not possible.
  std::string start() {
    thread_ = std::thread([this] { run(); });
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return is_up_ || !failure_.empty(); });
    if (failure_.empty()) return {};
    lock.unlock();
    thread_.join();
    return failure_;
  }

  uint32_t give(std::shared_ptr<Job> job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint32_t ticket = next_ticket_++;
    jobs_.emplace(ticket, job);
    waiting_.push_back(std::move(job));
    changed_.notify_all();
    return ticket;
  }

  // The job of a ticket, after so many milliseconds at most; null where there is none.
  std::shared_ptr<Job> look(uint32_t ticket, double milliseconds) {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto found = jobs_.find(ticket);
    if (found == jobs_.end()) return nullptr;
    const auto job = found->second;
    if (!job->is_done && milliseconds > 0) {
      watchers_++;
      changed_.notify_all();
      changed_.wait_for(lock, std::chrono::duration<double, std::milli>(milliseconds), [&] { return job->is_done; });
      watchers_--;
    }
    if (job->is_done) jobs_.erase(ticket);
    return job;
  }

  // Ends with the others, once all jobs are done.
  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_to_end_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

  // Ends all processes.
  [[noreturn]] void abort(int code) {
    MPI_Abort(MPI_COMM_WORLD, code);
    _exit(code);
  }

 private:
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint32_t, std::shared_ptr<Job>> jobs_;
  std::deque<std::shared_ptr<Job>> waiting_;
  uint32_t next_ticket_ = 1;
  MPI_Op halves_ = MPI_OP_NULL;
  std::atomic<int> watchers_{0};
  bool is_up_ = false, is_to_end_ = false;
  std::string failure_;

  void run() {
    int provided = 0;
    const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (code != MPI_SUCCESS) {
        failure_ = "MPI does not begin: " + words_of(code);
      } else {
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        MPI_Comm_size(MPI_COMM_WORLD, &count);
        char name[MPI_MAX_PROCESSOR_NAME];
        int length = 0;
        MPI_Get_processor_name(name, &length);
        host.assign(name, static_cast<size_t>(length));
        MPI_Op_create(add_halves, 1, &halves_);
        is_up_ = true;
      }
      changed_.notify_all();
    }
    if (code != MPI_SUCCESS) return;
    work();
    MPI_Op_free(&halves_);
    MPI_Finalize();
  }

  void work() {
    std::vector<std::shared_ptr<Job>> under_way;
    std::vector<MPI_Request> requests;
    std::vector<int> ended;
    std::vector<MPI_Status> statuses;
    Patience patience;
    for (;;) {
      std::vector<std::shared_ptr<Job>> begun;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        if (under_way.empty()) {
          changed_.wait(lock, [this] { return !waiting_.empty() || is_to_end_; });
          if (waiting_.empty()) return;
        }
        while (!waiting_.empty() && under_way.size() + begun.size() < MOST_UNDER_WAY) {
          begun.push_back(std::move(waiting_.front()));
          waiting_.pop_front();
        }
      }
      for (auto& job : begun) {
        MPI_Request request = MPI_REQUEST_NULL;
        const int code = begin(*job, &request);
        if (code == MPI_SUCCESS) {
          under_way.push_back(std::move(job));
          requests.push_back(request);
        } else {
          finish(*job, code);
        }
      }
      if (under_way.empty()) continue;
      ended.resize(requests.size());
      statuses.resize(requests.size());
      int many = 0;
      const int code = MPI_Testsome(static_cast<int>(requests.size()), requests.data(), &many, ended.data(), statuses.data());
      if (code != MPI_SUCCESS && code != MPI_ERR_IN_STATUS) {
        for (auto& job : under_way) finish(*job, code);
        under_way.clear();
        requests.clear();
        continue;
      }
      if (many == MPI_UNDEFINED || many == 0) {
        rest(patience);
        continue;
      }
      patience = {};
      std::sort(ended.begin(), ended.begin() + many);
      for (int i = many - 1; i >= 0; i--) {
        const size_t at = static_cast<size_t>(ended[static_cast<size_t>(i)]);
        finish(*under_way[at], code == MPI_ERR_IN_STATUS ? statuses[static_cast<size_t>(i)].MPI_ERROR : MPI_SUCCESS);
        under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(at));
        requests.erase(requests.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
  }

  // Lets JavaScript have the core, for longer where it does not wait for a job.
  void rest(Patience& patience) {
    if (watchers_ > 0) patience.yield_or_sleep(REST);
    else std::this_thread::sleep_for(REST);
  }

  int begin(Job& job, MPI_Request* request) {
    switch (job.kind) {
      case Kind::sum:
        return MPI_Iallreduce(MPI_IN_PLACE, job.data, job.count, job.type, job.type == MPI_UINT16_T ? halves_ : MPI_SUM,
                              MPI_COMM_WORLD, request);
      case Kind::broadcast:
        return MPI_Ibcast(job.data, job.count, job.type, 0, MPI_COMM_WORLD, request);
      case Kind::gather:
        return MPI_Iallgather(job.data, job.count, job.type, job.all, job.count, job.type, MPI_COMM_WORLD, request);
    }
    return MPI_ERR_OTHER;
  }

  void finish(Job& job, int code) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (code != MPI_SUCCESS) job.error = words_of(code);
    job.is_done = true;
    changed_.notify_all();
  }
};
