#pragma once

#include <csignal>

namespace caffe {

// Keeps signals from this thread as long as it lives; they wait, or another thread takes them.
//
// oneDNN's matrix products keep their workspace in the stack pointer, and it lies on the heap: a signal handled
// meanwhile (Ctrl-C, a terminal's new size, a profiler's clock) writes its frame over whatever lies below.
class SignalsBlocked {
 public:
#if defined(_WIN32)
  // Windows has none that come into a thread: Ctrl-C starts one of its own.
  SignalsBlocked() {}
  ~SignalsBlocked() {}
#else
  SignalsBlocked() {
    if (depth()++ > 0) return;
    sigset_t signals;
    sigfillset(&signals);
    // Those of a fault are the thread's own.
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&signals, fault);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SignalsBlocked() {
    if (--depth() == 0) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
#endif
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
#if !defined(_WIN32)
  // How many of these live in this thread: within another there is nothing to do, and to do it takes a microsecond.
  static int& depth() {
    static thread_local int depth = 0;
    return depth;
  }
  sigset_t before_;
#endif
};

// Starts OpenMP's threads, as many as there may be now, so that they never take a signal: a thread has the mask of the
// one that started it.
inline void start_threads() {
  SignalsBlocked blocked;
#pragma omp parallel
  {
  }
}

}  // namespace caffe
