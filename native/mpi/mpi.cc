// The processes that mpirun started, and what they tell one another. One thread of each speaks MPI: jobs begin there in
// the order in which JavaScript gave them, so that they are the same on all, and go on while JavaScript computes.
#include <mpi.h>
#include <napi.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "shared.h"

namespace {

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

// bfloat16: the upper half of a float's bits, rounded to the nearest, ties to even; NaN stays NaN.
uint16_t half_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float float_of(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// What MPI adds halves up with.
void add_halves(void* from, void* to, int* count, MPI_Datatype*) {
  const auto* a = static_cast<const uint16_t*>(from);
  auto* b = static_cast<uint16_t*>(to);
  for (int i = 0; i < *count; i++) b[i] = half_of(float_of(a[i]) + float_of(b[i]));
}

std::string words_of(int code) {
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
        rest();
        continue;
      }
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
  void rest() {
    if (watchers_ > 0) {
      sched_yield();
      return;
    }
    std::this_thread::sleep_for(REST);
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

// One to a process, whichever of JavaScript's threads asks.
World* world = nullptr;

World& joined(Napi::Env env) {
  if (!world) throw Napi::Error::New(env, "this process has not joined the others");
  return *world;
}

// An array's elements, their number and MPI's name of their type.
struct Elements {
  void* data;
  int count;
  MPI_Datatype type;
};

Elements elements_of(const Napi::Value& value) {
  const Napi::Env env = value.Env();
  if (!value.IsTypedArray()) throw Napi::TypeError::New(env, "expected a typed array");
  const auto array = value.As<Napi::TypedArray>();
  const size_t count = array.ElementLength();
  if (count > static_cast<size_t>(std::numeric_limits<int>::max())) throw Napi::Error::New(env, "too many elements for one job");
  void* data = static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  switch (array.TypedArrayType()) {
    case napi_float32_array:
      return {data, static_cast<int>(count), MPI_FLOAT};
    case napi_float64_array:
      return {data, static_cast<int>(count), MPI_DOUBLE};
    case napi_uint8_array:
      return {data, static_cast<int>(count), MPI_BYTE};
    case napi_uint16_array:
      return {data, static_cast<int>(count), MPI_UINT16_T};
    default:
      throw Napi::TypeError::New(env, "expected floats, doubles, halves or bytes");
  }
}

// So many elements of that type.
template <typename T>
T* elements_of(const Napi::Value& value, MPI_Datatype type, int count) {
  const Elements given = elements_of(value);
  if (given.type != type || given.count != count) throw Napi::Error::New(value.Env(), "expected arrays of one length");
  return static_cast<T*>(given.data);
}

std::shared_ptr<Job> job_of(Kind kind, const Napi::Value& value) {
  const Elements own = elements_of(value);
  auto job = std::make_shared<Job>();
  job->kind = kind;
  job->data = own.data;
  job->all = nullptr;
  job->count = own.count;
  job->type = own.type;
  job->data_kept = Napi::Persistent(value.As<Napi::Object>());
  return job;
}

Napi::Value give(const Napi::Env& env, std::shared_ptr<Job> job) {
  return Napi::Number::New(env, joined(env).give(std::move(job)));
}

// start(): joins the others; {rank, count, host}
Napi::Value Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!world) {
    auto made = std::make_unique<World>();
    const std::string failure = made->start();
    if (!failure.empty()) throw Napi::Error::New(env, failure);
    world = made.release();
  }
  Napi::Object told = Napi::Object::New(env);
  told.Set("rank", world->rank);
  told.Set("count", world->count);
  told.Set("host", world->host);
  return told;
}

// sum(array): a ticket; every element becomes the sum of all ranks'
Napi::Value Sum(const Napi::CallbackInfo& info) {
  auto job = job_of(Kind::sum, info[0]);
  if (job->type == MPI_BYTE) throw Napi::TypeError::New(info.Env(), "expected floats, doubles or halves");
  return give(info.Env(), std::move(job));
}

// broadcast(array): a ticket; the elements become those of rank 0
Napi::Value Broadcast(const Napi::CallbackInfo& info) { return give(info.Env(), job_of(Kind::broadcast, info[0])); }

// gather(own, all): a ticket; `all` gets every rank's elements, one rank's behind the other's
Napi::Value Gather(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto job = job_of(Kind::gather, info[0]);
  const Elements all = elements_of(info[1]);
  if (all.type != job->type || all.count / joined(env).count != job->count || all.count % joined(env).count != 0) {
    throw Napi::Error::New(env, "expected room for as many elements of each rank");
  }
  job->all = all.data;
  job->all_kept = Napi::Persistent(info[1].As<Napi::Object>());
  return give(env, std::move(job));
}

// wait(ticket, milliseconds): whether the job is done, after so long at most; a done job's ticket is used up
Napi::Value Wait(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto job = joined(env).look(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Number>().DoubleValue());
  if (!job) throw Napi::Error::New(env, "there is no such job");
  if (!job->is_done) return Napi::Boolean::New(env, false);
  job->data_kept.Reset();
  job->all_kept.Reset();
  if (!job->error.empty()) throw Napi::Error::New(env, job->error);
  return Napi::Boolean::New(env, true);
}

// halve(floats, rest, halves): halves ← floats + rest, rounded; rest ← what rounding took, 0 where that is no finite number
void Halve(const Napi::CallbackInfo& info) {
  const int count = elements_of(info[2]).count;
  const float* floats = elements_of<float>(info[0], MPI_FLOAT, count);
  float* rest = elements_of<float>(info[1], MPI_FLOAT, count);
  uint16_t* halves = elements_of<uint16_t>(info[2], MPI_UINT16_T, count);
  for (int i = 0; i < count; i++) {
    const float whole = floats[i] + rest[i];
    halves[i] = half_of(whole);
    const float lost = whole - float_of(halves[i]);
    rest[i] = std::isfinite(lost) ? lost : 0.0f;
  }
}

// widen(halves, floats)
void Widen(const Napi::CallbackInfo& info) {
  const int count = elements_of(info[0]).count;
  const uint16_t* halves = elements_of<uint16_t>(info[0], MPI_UINT16_T, count);
  float* floats = elements_of<float>(info[1], MPI_FLOAT, count);
  for (int i = 0; i < count; i++) floats[i] = float_of(halves[i]);
}

// stop(): ends with the others
void Stop(const Napi::CallbackInfo&) {
  if (!world) return;
  world->stop();
  delete world;
  world = nullptr;
}

// abort(code): ends all processes at once
void Abort(const Napi::CallbackInfo& info) { joined(info.Env()).abort(info[0].As<Napi::Number>().Int32Value()); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("start", Napi::Function::New<Start>(env));
  exports.Set("sum", Napi::Function::New<Sum>(env));
  exports.Set("broadcast", Napi::Function::New<Broadcast>(env));
  exports.Set("gather", Napi::Function::New<Gather>(env));
  exports.Set("halve", Napi::Function::New<Halve>(env));
  exports.Set("widen", Napi::Function::New<Widen>(env));
  exports.Set("wait", Napi::Function::New<Wait>(env));
  exports.Set("stop", Napi::Function::New<Stop>(env));
  exports.Set("abort", Napi::Function::New<Abort>(env));
  InitShared(env, exports);
  return exports;
}

NODE_API_MODULE(caffe_mpi, Init)

}  // namespace
