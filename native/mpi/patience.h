// How a thread waits for what other processes do.
#pragma once

#include <sched.h>

#include <chrono>
#include <thread>

// A yield that took so long let others compute: the core is wanted, by the ranks that are waited for or by other programs.
constexpr auto WANTED = std::chrono::microseconds(200);

// Between two looks the core is left to others. Who yields a core that others want is put behind all of them, and sees late
// what has come; who sleeps is woken in time.
class Patience {
 public:
  void yield_or_sleep(std::chrono::microseconds sleep) {
    if (is_wanted_) {
      std::this_thread::sleep_for(sleep);
      return;
    }
    const auto since = std::chrono::steady_clock::now();
    sched_yield();
    is_wanted_ = std::chrono::steady_clock::now() - since > WANTED;
  }

 private:
  bool is_wanted_ = false;
};
