#include "shared.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

#include "../src/shared-memory.h"
#include "patience.h"

namespace {

// Numbers of two ranks lie in lines of their own, so that one that tells does not disturb one that looks.
constexpr size_t LINE = 16;
// So many looks leave the core to others that want it; then one sleeps between two.
constexpr int QUICK_LOOKS = 2000;
constexpr auto REST = std::chrono::microseconds(50);

Napi::Error failure(Napi::Env env, const char* what) {
  return Napi::Error::New(env, std::string(what) + ": " + std::strerror(errno));
}

size_t bytes_of(const Napi::Value& value) {
  const double bytes = value.As<Napi::Number>().DoubleValue();
  if (!(bytes >= 1 && bytes <= 9007199254740991.0)) throw Napi::Error::New(value.Env(), "expected a number of bytes");
  return static_cast<size_t>(bytes);
}

// The memory of a file, which is closed when the array goes.
Napi::ArrayBuffer mapped(Napi::Env env, caffe::SharedFile& file, size_t bytes) {
  caffe::SharedSpan span = caffe::map_shared_apart(file.descriptor, bytes);
  if (!span.memory) throw failure(env, "memory to share cannot be mapped");
  const int kept = file.keep();
  return Napi::ArrayBuffer::New(env, span.memory, bytes, [kept, span](Napi::Env, void*) mutable {
    span.release();
    close(kept);
  });
}

// makeShared(bytes): zeros that other processes can open by `path` while the memory is there; {memory, path}
Napi::Value MakeShared(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const size_t bytes = bytes_of(info[0]);
  caffe::SharedFile file;
  if (!file.make(bytes)) throw failure(env, "memory to share cannot be made");
  // A name would be left where ranks are killed.
  if (file.is_named) throw Napi::Error::New(env, "this system has no memfd_create");
  Napi::Object made = Napi::Object::New(env);
  made.Set("path", file.path);
  made.Set("memory", mapped(env, file, bytes));
  return made;
}

// openShared(path, bytes): the memory that another process has made
Napi::Value OpenShared(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = info[0].As<Napi::String>();
  const size_t bytes = bytes_of(info[1]);
  caffe::SharedFile file;
  file.descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file.descriptor < 0) throw failure(env, path.c_str());
  struct stat found;
  if (fstat(file.descriptor, &found) != 0 || static_cast<size_t>(found.st_size) != bytes) {
    throw Napi::Error::New(env, path + ": memory of another length");
  }
  return mapped(env, file, bytes);
}

// enlargePages(array): the large pages within it are such from now on, where the system has them
void EnlargePages(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "expected a typed array");
  const auto array = info[0].As<Napi::TypedArray>();
  auto* data = static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  caffe::enlarge_pages(data, array.ByteLength());
}

struct Numbers {
  std::atomic<uint32_t>* first;
  size_t count;
};

// Each rank's number: every 16th of an array.
Numbers numbers_of(const Napi::Value& value) {
  static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));
  const Napi::Env env = value.Env();
  if (!value.IsTypedArray()) throw Napi::TypeError::New(env, "expected a typed array");
  const auto array = value.As<Napi::TypedArray>();
  if (array.TypedArrayType() != napi_uint32_array || array.ElementLength() % LINE != 0) {
    throw Napi::TypeError::New(env, "expected 16 numbers of 32 bits for each rank");
  }
  auto* data = static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  return {reinterpret_cast<std::atomic<uint32_t>*>(data), array.ElementLength() / LINE};
}

// tell(numbers, rank, number): what this rank wrote before is seen by those that find the number
void Tell(const Napi::CallbackInfo& info) {
  const Numbers numbers = numbers_of(info[0]);
  const size_t rank = info[1].As<Napi::Number>().Uint32Value();
  if (rank >= numbers.count) throw Napi::Error::New(info.Env(), "there is no such rank");
  numbers.first[rank * LINE].store(info[2].As<Napi::Number>().Uint32Value(), std::memory_order_release);
}

// allTold(numbers, number, milliseconds): whether every rank's number is that or a later one, after so long at most
Napi::Value AllTold(const Napi::CallbackInfo& info) {
  using Clock = std::chrono::steady_clock;
  const Numbers numbers = numbers_of(info[0]);
  const uint32_t wanted = info[1].As<Napi::Number>().Uint32Value();
  const double milliseconds = info[2].As<Napi::Number>().DoubleValue();
  const auto begun = Clock::now();
  size_t told = 0;
  Patience patience;
  for (int looks = 0;; looks++) {
    // Numbers begin anew after the greatest.
    while (told < numbers.count &&
           static_cast<int32_t>(numbers.first[told * LINE].load(std::memory_order_acquire) - wanted) >= 0) {
      told++;
    }
    if (told == numbers.count) return Napi::Boolean::New(info.Env(), true);
    if (std::chrono::duration<double, std::milli>(Clock::now() - begun).count() >= milliseconds) {
      return Napi::Boolean::New(info.Env(), false);
    }
    if (looks < QUICK_LOOKS) patience.yield_or_sleep(REST);
    else std::this_thread::sleep_for(REST);
  }
}

}  // namespace

void InitShared(Napi::Env env, Napi::Object exports) {
  exports.Set("makeShared", Napi::Function::New<MakeShared>(env));
  exports.Set("openShared", Napi::Function::New<OpenShared>(env));
  exports.Set("enlargePages", Napi::Function::New<EnlargePages>(env));
  exports.Set("tell", Napi::Function::New<Tell>(env));
  exports.Set("allTold", Napi::Function::New<AllTold>(env));
}
