#include "core/transaction_mutex.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "check.h"
#include "threads.h"

namespace memdb::test {
namespace {

using Party = TransactionMutex::Party;

constexpr auto kLong = seconds(60);

// Lock, without asking for the holder.
Status LockFor(TransactionMutex& mutex, Party& party, Clock::duration limit) {
  int holder;
  return mutex.Lock(party, limit, &holder);
}

TEST("transaction_mutex: one holder at a time, and every waiter gets its turn") {
  for (const int threads : {2, 4, 8}) {
    TransactionMutex mutex;
    int64_t counter = 0;  // plain, so that ThreadSanitizer sees whether the mutex guards it
    RunThreads(threads, [&](int i) {
      Party party(i);
      for (int round = 0; round < Rounds(5000); round++) {
        // Short limits: some waits end without the lock and are taken up again.
        int holder = -2;
        Status status;
        while ((status = mutex.Lock(party, std::chrono::microseconds(50), &holder)) !=
               Status::kOk) {
          CHECK(status == Status::kBusy);
          CHECK(holder >= -1 && holder < threads && holder != i);
        }
        CHECK(mutex.HeldByThreadOf(party));
        counter++;
        mutex.Unlock(party);
        CHECK(!mutex.HeldByThreadOf(party));
      }
    });
    CHECK_EQ(counter, int64_t{threads} * Rounds(5000));
  }
}

TEST("transaction_mutex: a thread never waits for itself, whichever party it uses") {
  TransactionMutex mutex;
  Party one(7);
  Party same_thread(7);
  int holder;
  CHECK(mutex.Lock(one, kLong, &holder) == Status::kOk);
  CHECK(mutex.Lock(one, kLong, &holder) == Status::kNested);
  CHECK(mutex.Lock(same_thread, kLong, &holder) == Status::kNested);
  CHECK(mutex.HeldByThreadOf(same_thread));
  mutex.Unlock(same_thread);  // which is not its holder
  CHECK(mutex.HeldByThreadOf(one));
  mutex.Unlock(one);
  CHECK(mutex.Lock(same_thread, kLong, &holder) == Status::kOk);
  mutex.Unlock(same_thread);
}

TEST(
    "transaction_mutex: a wait ends in time and reports the holder; the holder gets kNested at "
    "once") {
  TransactionMutex mutex;
  Party holding(7);
  Party waiting(8);
  int holder = 0;
  CHECK(mutex.Lock(holding, kLong, &holder) == Status::kOk);
  for (const int limit : {0, 1, 30}) {
    const auto start = Clock::now();
    CHECK(mutex.Lock(waiting, milliseconds(limit), &holder) == Status::kBusy);
    CHECK_EQ(holder, 7);
    CHECK(Clock::now() - start >= milliseconds(limit));
  }
  CHECK(mutex.Lock(holding, kLong, &holder) == Status::kNested);
  // A party that does not hold it unlocks nothing.
  mutex.Unlock(waiting);
  CHECK(mutex.HeldByThreadOf(holding));
  mutex.Unlock(holding);
  CHECK(mutex.Lock(waiting, milliseconds(0), &holder) == Status::kOk);
  mutex.Unlock(waiting);
  mutex.Unlock(waiting);
  CHECK(mutex.Lock(holding, milliseconds(0), &holder) == Status::kOk);
}

TEST("transaction_mutex: a thread that locks again and again does not starve others") {
  for (const int waiters : {1, 3, 7}) {
    constexpr int kWaits = 10;
    TransactionMutex mutex;
    std::atomic<int> done{0};
    std::atomic<bool> held{false};
    std::atomic<int64_t> turns{0};           // of the thread that locks again and again
    std::atomic<int64_t> turns_in_waits{0};  // of these, while one of the others waited
    std::atomic<int64_t> longest{0};
    RunThreads(waiters + 1, [&](int i) {
      Party party(i);
      if (i == 0) {
        while (done < waiters) {
          CHECK(LockFor(mutex, party, kLong) == Status::kOk);
          turns++;
          held = true;
          // Free for no longer than between these two calls.
          std::this_thread::sleep_for(milliseconds(2));
          held = false;
          mutex.Unlock(party);
        }
        return;
      }
      for (int wait = 0; wait < kWaits; wait++) {
        while (!held) std::this_thread::yield();
        const int64_t before = turns;
        const auto start = Clock::now();
        CHECK(LockFor(mutex, party, kLong) == Status::kOk);
        turns_in_waits += turns - before;
        const int64_t waited = (Clock::now() - start).count();
        mutex.Unlock(party);
        int64_t most = longest;
        while (waited > most && !longest.compare_exchange_weak(most, waited)) {
        }
      }
      done++;
    });
    Note(std::to_string(waiters) + " waiters: longest wait " +
         Milliseconds(Clock::duration(longest.load())));
    // It is handed over when it is given up after a millisecond of waiting, to one
    // after the other; the one that takes it again waits its turn like them.
    CHECK(turns_in_waits <= int64_t{2} * kWaits * waiters * (waiters + 1));
  }
}

// With the lock held: lets one and then the other wait for it, gives it up, and
// tells who was served first. The order in which they come is made by pauses, so
// on a busy machine it may be the other way round.
Party* FirstServed(TransactionMutex& mutex, Party& holding, Party& one, Party& other) {
  std::vector<Party*> served;
  const auto wait_for = [&](Party& party) {
    CHECK(LockFor(mutex, party, kLong) == Status::kOk);
    served.push_back(&party);  // the mutex guards it
    mutex.Unlock(party);
  };
  std::thread first([&] { wait_for(one); });
  std::this_thread::sleep_for(milliseconds(30));
  std::thread second([&] { wait_for(other); });
  std::this_thread::sleep_for(milliseconds(30));
  mutex.Unlock(holding);
  first.join();
  second.join();
  return served[0];
}

TEST(
    "transaction_mutex: goes to the longest waiter; time waited before its last turn does not "
    "count") {
  TransactionMutex mutex;
  Party holding(0);
  Party earlier(1);
  Party later(2);
  bool fair = false;
  for (int attempt = 0; attempt < 5 && !fair; attempt++) {
    // Waits in vain, long before the other; then has its turn.
    CHECK(LockFor(mutex, holding, kLong) == Status::kOk);
    CHECK(LockFor(mutex, later, milliseconds(1)) == Status::kBusy);
    mutex.Unlock(holding);
    CHECK(LockFor(mutex, later, kLong) == Status::kOk);
    mutex.Unlock(later);
    CHECK(LockFor(mutex, holding, kLong) == Status::kOk);
    fair = FirstServed(mutex, holding, earlier, later) == &earlier;
  }
  CHECK(fair);
}

TEST("transaction_mutex: a wait in slices keeps its place") {
  TransactionMutex mutex;
  Party holding(0);
  Party earlier(1);
  Party later(2);
  bool fair = false;
  for (int attempt = 0; attempt < 5 && !fair; attempt++) {
    CHECK(LockFor(mutex, holding, kLong) == Status::kOk);
    CHECK(LockFor(mutex, earlier, milliseconds(1)) == Status::kBusy);
    fair = FirstServed(mutex, holding, later, earlier) == &earlier;
  }
  CHECK(fair);
}

TEST("transaction_mutex: a wait that was given up is forgotten") {
  TransactionMutex mutex;
  Party holding(0);
  Party first(1);
  Party gave_up(2);
  bool fair = false;
  for (int attempt = 0; attempt < 5 && !fair; attempt++) {
    CHECK(LockFor(mutex, holding, kLong) == Status::kOk);
    CHECK(LockFor(mutex, gave_up, milliseconds(1)) == Status::kBusy);
    std::this_thread::sleep_for(milliseconds(150));
    fair = FirstServed(mutex, holding, first, gave_up) == &first;
  }
  CHECK(fair);
}

TEST("transaction_mutex: closing refuses waiters, newcomers and the holder") {
  for (int round = 0; round < 20; round++) {
    TransactionMutex mutex;
    Party holding(0);
    CHECK(LockFor(mutex, holding, kLong) == Status::kOk);
    std::atomic<int> turned_away{0};
    std::vector<std::thread> waiters;
    for (int i = 1; i <= 4; i++) {
      waiters.emplace_back([&, i] {
        Party party(i);
        CHECK(LockFor(mutex, party, kLong) == Status::kClosed);
        CHECK(!mutex.HeldByThreadOf(party));
        turned_away++;
      });
    }
    if (random.OneIn(2)) std::this_thread::sleep_for(milliseconds(2));
    CHECK_EQ(turned_away.load(), 0);
    mutex.Close();
    for (auto& waiter : waiters) waiter.join();
    CHECK(!mutex.HeldByThreadOf(holding));
    CHECK(LockFor(mutex, holding, kLong) == Status::kClosed);
    mutex.Unlock(holding);
    CHECK(LockFor(mutex, holding, kLong) == Status::kClosed);
  }
}

}  // namespace
}  // namespace memdb::test
