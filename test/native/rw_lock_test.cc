#include "core/rw_lock.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "check.h"
#include "threads.h"

namespace memdb::test {
namespace {

// Two numbers that the lock keeps equal; plain ones, so that ThreadSanitizer sees
// whether it does.
struct Pair {
  RwLock lock;
  int64_t a = 0;
  int64_t b = 0;
};

TEST("rw_lock: readers see no half write, and no write is lost") {
  for (const int threads : {2, 4, 8}) {
    Pair pair;
    std::atomic<int64_t> writes{0};
    RunThreads(threads, [&](int i) {
      Random own(static_cast<uint64_t>(i));
      int64_t last = 0;
      for (int round = 0; round < Rounds(100'000); round++) {
        if (own.OneIn(4)) {
          WriterLock lock(pair.lock);
          pair.a++;
          pair.b++;
          writes++;
        } else {
          ReaderLock lock(pair.lock);
          CHECK_EQ(pair.a, pair.b);
          CHECK(pair.a >= last);
          last = pair.a;
        }
      }
    });
    CHECK_EQ(pair.a, writes.load());
  }
}

TEST("rw_lock: readers are inside together") {
  constexpr int kReaders = 4;
  RwLock lock;
  std::atomic<int> inside{0};
  RunThreads(kReaders, [&](int) {
    ReaderLock reader(lock);
    inside++;
    WaitUntil("all readers inside", [&] { return inside == kReaders; });
  });
}

TEST("rw_lock: a waiting writer goes before later readers") {
  RwLock lock;
  std::atomic<int64_t> later_reads{0};
  std::atomic<bool> written{false};
  lock.LockShared();
  std::thread writer([&] {
    lock.Lock();
    written = true;
    lock.Unlock();
  });
  std::thread reader([&] {
    while (!written) {
      ReaderLock again(lock);
      later_reads++;
    }
  });
  // Once the writer waits, the reader cannot get in any more.
  for (int64_t before = -1; before != later_reads;) {
    before = later_reads;
    std::this_thread::sleep_for(milliseconds(50));
  }
  CHECK(!written);
  lock.UnlockShared();
  writer.join();
  reader.join();
}

TEST("rw_lock: how long a writer waits among readers that never pause") {
  for (const int readers : {2, 4, 8}) {
    RwLock lock;
    std::atomic<bool> done{false};
    std::atomic<int64_t> reads{0};
    Clock::duration longest{};
    RunThreads(readers + 1, [&](int i) {
      if (i > 0) {
        while (!done) {
          ReaderLock reader(lock);
          reads.fetch_add(1, std::memory_order_relaxed);
        }
        return;
      }
      for (int round = 0; round < Rounds(300); round++) {
        const auto start = Clock::now();
        lock.Lock();
        longest = std::max(longest, Clock::now() - start);
        lock.Unlock();
        // Lets the readers in: the first to come would hold the writer up.
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
      done = true;
    });
    Note(std::to_string(readers) + " readers: longest wait of a writer " + Milliseconds(longest));
    // That of a few turns of the scheduler; starved, it would be without end.
    CHECK(longest < seconds(10));
  }
}

#if defined(MEMDB_PLANT_RACE)
// Wrong on purpose: readers write. ThreadSanitizer must say so.
TEST("rw_lock: planted race") {
  Pair pair;
  std::atomic<int> inside{0};
  RunThreads(2, [&](int) {
    ReaderLock lock(pair.lock);
    // Relaxed: that both are inside must not put their writes in order.
    inside.fetch_add(1, std::memory_order_relaxed);
    while (inside.load(std::memory_order_relaxed) < 2) std::this_thread::yield();
    pair.a++;
  });
}
#endif

}  // namespace
}  // namespace memdb::test
