#include "core/store.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "check.h"
#include "threads.h"
#include "user.h"

namespace memdb::test {
namespace {

std::string Key(int i) {
  return "key " + std::to_string(i);
}

TEST("store: a commit that would pass the limit changes nothing; one that shrinks is let in") {
  constexpr uint64_t kLimit = 1000;
  User user(kLimit);
  Batch* batch = user.Begin();
  user.Put(batch, "a", std::string(499, 'x'));
  user.Put(batch, "b", std::string(499, 'x'));
  user.Commit(batch);
  CHECK_EQ(user.Stats().bytes, kLimit);

  const Pairs before = user.Now();
  batch = user.Begin();
  user.Put(batch, "a", std::string(500, 'y'));
  CHECK(user.TryCommit(batch) == Status::kFull);
  CHECK(user.Now() == before);
  CHECK_EQ(user.Stats().bytes, kLimit);
  CHECK_EQ(user.Stats().commits, 1u);
  // The batch is open still, and can be made to fit.
  CHECK(user.Get(batch, "a") == std::string(500, 'y'));
  user.Put(batch, "b", std::string(498, 'z'));
  user.Commit(batch);
  CHECK_EQ(user.Stats().bytes, kLimit);

  batch = user.Begin();
  user.Delete(batch, "b");
  user.Put(batch, "c", "");
  user.Commit(batch);
  CHECK_EQ(user.Stats().bytes, 502u);
}

TEST("store: with a limit, random commits are let in exactly when they fit") {
  for (int program = 0; program < Rounds(50); program++) {
    const uint64_t limit = random.Below(2000);
    User user(limit);
    Pairs store;
    for (int commit = 0; commit < 40; commit++) {
      Batch* batch = user.Begin();
      Pairs next = store;
      for (size_t i = random.Below(6); i > 0; i--) {
        const std::string key = Key(static_cast<int>(random.Below(10)));
        if (random.OneIn(3)) {
          user.Delete(batch, key);
          next.erase(key);
        } else {
          next[key] = random.Text(random.Below(400));
          user.Put(batch, key, next[key]);
        }
      }
      uint64_t bytes = 0;
      for (const auto& [key, value] : next) bytes += key.size() + value.size();
      const Status status = user.TryCommit(batch);
      CHECK_EQ(status == Status::kOk, bytes <= limit);
      if (status == Status::kOk) store = next;
      user.Discard(batch);
      CHECK(user.Now() == store);
    }
  }
}

TEST("store: stats show no half commit") {
  constexpr int kKeys = 100;
  User user;
  std::atomic<bool> done{false};
  RunThreads(2, [&](int i) {
    if (i == 0) {
      for (int round = 0; round < Rounds(2000); round++) {
        Batch* batch = user.Begin();
        for (int key = 0; key < kKeys; key++) {
          if (round % 2 == 0) {
            user.Put(batch, Key(key), "value");
          } else {
            user.Delete(batch, Key(key));
          }
        }
        user.Commit(batch);
      }
      done = true;
      return;
    }
    User other(user, 1);
    while (!done) {
      const uint64_t entries = other.Stats().entries;
      CHECK(entries == 0 || entries == kKeys);
    }
  });
}

// Invariant 4: without pauses in which to free them.
TEST("store: superseded versions do not pile up, however large the commits") {
  constexpr int kKeys = 1000;
  User user;
  uint64_t most = 0;
  for (int round = 0; round < 100; round++) {
    Batch* reading = user.Begin(false);
    Batch* batch = user.Begin();
    for (int key = 0; key < kKeys; key++) user.Put(batch, Key(key), std::to_string(round));
    user.Commit(batch);
    user.Discard(reading);
    most = std::max(most, user.Stats().superseded);
  }
  CHECK(most <= 3 * kKeys);
  user.ReclaimAll();
  CHECK_EQ(user.Stats().superseded, 0u);
}

// Invariant 4.
TEST("store: a batch kept open holds its versions and no others") {
  User user;
  const auto write_all = [&](const std::string& value) {
    Batch* batch = user.Begin();
    for (int key = 0; key < 100; key++) user.Put(batch, Key(key), value);
    user.Commit(batch);
  };
  write_all("old");
  Batch* reading = user.Begin(false);
  const Pairs seen = user.All(reading);
  for (int round = 0; round < 10; round++) {
    write_all(std::to_string(round));
    CHECK(user.All(reading) == seen);
    user.ReclaimAll();
    CHECK_EQ(user.Stats().superseded, 100u);
  }
  user.Discard(reading);
  user.ReclaimAll();
  CHECK_EQ(user.Stats().superseded, 0u);
}

TEST("store: what is deleted leaves nothing, once nobody can see it") {
  User user;
  for (int round = 0; round < 20; round++) {
    std::vector<Batch*> readers;
    for (int key = 0; key < 20; key++) {
      Batch* batch = user.Begin();
      user.Put(batch, Key(key), random.Text(random.Below(3000)));
      if (random.OneIn(2)) user.Delete(batch, Key(key + 1));
      user.Commit(batch);
      if (random.OneIn(3)) readers.push_back(user.Begin(false));
    }
    Batch* batch = user.Begin();
    for (int key = 0; key <= 20; key++) user.Delete(batch, Key(key));
    user.Commit(batch);
    CHECK_EQ(user.Stats().entries, 0u);
    CHECK_EQ(user.Stats().bytes, 0u);
    while (!readers.empty()) {
      std::swap(random.Pick(readers), readers.back());
      user.Discard(readers.back());
      readers.pop_back();
    }
    user.ReclaimAll();
    CHECK_EQ(user.Stats().superseded, 0u);
    CHECK_EQ(user->held_bytes(), 0u);
  }
}

// A key of which every version is held by a batch, let go from the oldest on.
TEST("store: many versions of one key are freed in steps") {
  User user;
  std::vector<Batch*> readers;
  for (int i = 0; i < Rounds(20'000); i++) {
    Batch* batch = user.Begin();
    user.Put(batch, "key", std::to_string(i));
    user.Commit(batch);
    readers.push_back(user.Begin(false));
  }
  Clock::duration longest{};
  for (Batch* reader : readers) {
    const auto start = Clock::now();
    user.Discard(reader);
    longest = std::max(longest, Clock::now() - start);
  }
  Note("longest discard among " + std::to_string(readers.size()) + " versions of one key " +
       Milliseconds(longest));
  user.ReclaimAll();
  CHECK_EQ(user.Stats().superseded, 0u);
}

// How long it takes is printed, not judged: the machine may be busy.
TEST("store: what a begin costs, and the bytes of an entry, in a small and in a large store") {
  for (const int count : {1000, Rounds(1'000'000)}) {
    User user;
    for (int key = 0; key < count;) {
      Batch* batch = user.Begin();
      for (const int end = std::min(count, key + 1000); key < end; key++) {
        user.Put(batch, Key(key), std::string(33, 'v'));
      }
      user.Commit(batch);
    }
    const auto start = Clock::now();
    for (int i = 0; i < 1000; i++) user.Discard(user.Begin(false));
    const auto begin = (Clock::now() - start) / 1000;
    const Store::Stats stats = user.Stats();
    CHECK_EQ(stats.entries, static_cast<uint64_t>(count));
    const uint64_t beyond = (stats.held_bytes - stats.bytes) / stats.entries;
    CHECK(count == 1000 || beyond <= 100);
    Note(std::to_string(count) + " entries: begin and discard " + std::to_string(begin.count()) +
         " ns, " + std::to_string(beyond) + " bytes an entry beyond key and value");
  }
}

}  // namespace
}  // namespace memdb::test
