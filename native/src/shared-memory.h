// Memory that several processes see, on Linux and other POSIX systems: a file that each of them maps.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace caffe {

// A file that is closed, and removed where it has a name, when this goes without having been kept.
class SharedFile {
 public:
  int descriptor = -1;
  // Where other processes can open it.
  std::string path;
  // The path is a file of its own, which has to be removed.
  bool is_named = false;

  SharedFile() = default;
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;
  ~SharedFile() {
    if (descriptor < 0) return;
    close(descriptor);
    if (is_named) unlink(path.c_str());
  }

  // Zeros: a file without a name where the system has such, which ends with the processes that have it open. False, and
  // errno, where there is none.
  bool make(size_t bytes) {
#if defined(__linux__)
    descriptor = memfd_create("caffe", MFD_CLOEXEC);
    path = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(descriptor);
#else
    const char* folder = std::getenv("TMPDIR");
    path = std::string(folder ? folder : "/tmp") + "/caffe-XXXXXX";
    descriptor = mkstemp(path.data());
    is_named = descriptor >= 0;
    if (is_named) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
#endif
    return descriptor >= 0 && ftruncate(descriptor, static_cast<off_t>(bytes)) == 0;
  }

  // It stays open, and where it is.
  int keep() {
    const int kept = descriptor;
    descriptor = -1;
    return kept;
  }
};

inline void* map_shared(int descriptor, size_t bytes, void* at = nullptr) {
  void* memory = mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0), descriptor, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

// Bytes of a large page.
constexpr size_t kLargePage = size_t{1} << 21;

// Addresses that one table of the second level of page tables translates.
constexpr size_t kSpan = size_t{1} << 30;

// Memory of a file, and the addresses around it that are kept from others.
struct SharedSpan {
  void* memory = nullptr;
  void* begin = nullptr;
  size_t length = 0;

  void release() { munmap(begin, length); }
};

// As map_shared, where a large page may begin, and in spans of its own: a hypervisor that keeps the tables of its guests itself
// throws a span's small pages away wherever one of its large pages was looked at (ResNet-50's step took 1.9 times as long).
inline SharedSpan map_shared_apart(int descriptor, size_t bytes) {
#if defined(__linux__)
  if (bytes >= kLargePage) {
    const size_t length = (bytes + kSpan - 1) / kSpan * kSpan + kSpan;
    void* begin = mmap(nullptr, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (begin != MAP_FAILED) {
      const size_t before = (kSpan - reinterpret_cast<uintptr_t>(begin) % kSpan) % kSpan;
      void* memory = map_shared(descriptor, bytes, static_cast<uint8_t*>(begin) + before);
      if (!memory) munmap(begin, length);
      return {memory, begin, length};
    }
  }
#endif
  void* memory = map_shared(descriptor, bytes);
  return {memory, memory, bytes};
}

// Makes the large pages that lie within so many bytes such, where the system can. Memory that nobody has touched gets them as it
// is written to where the system lets memory to share have some; else what each page has been written to may be collapsed into
// such, which takes much longer. Others may write there meanwhile.
inline void enlarge_pages(uint8_t* memory, size_t bytes) {
#if defined(__linux__)
#if !defined(MADV_COLLAPSE)
#define MADV_COLLAPSE 25
#endif
  const size_t before = (kLargePage - reinterpret_cast<uintptr_t>(memory) % kLargePage) % kLargePage;
  if (bytes < before + kLargePage) return;
  uint8_t* begin = memory + before;
  const size_t whole = (bytes - before) / kLargePage * kLargePage;
#if defined(MADV_HUGEPAGE)
  madvise(begin, whole, MADV_HUGEPAGE);
#endif
  for (size_t at = 0; at < whole; at += kLargePage) __atomic_fetch_or(begin + at, uint8_t{0}, __ATOMIC_RELAXED);
  madvise(begin, whole, MADV_COLLAPSE);
#else
  (void)memory;
  (void)bytes;
#endif
}

}  // namespace caffe
