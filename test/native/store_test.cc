#include "core/store.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "check.h"
#include "core/registry.h"
#include "steps.h"
#include "threads.h"
#include "user.h"

namespace memdb::test {
namespace {

std::string Key(int i) {
  return "key " + std::to_string(i);
}

TEST("store: a commit that would exceed the limit changes nothing; one that shrinks succeeds") {
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

TEST("store: with a limit, random commits succeed exactly if they fit") {
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

TEST("store: a new key gets a slot of its own, though another key has its tag") {
  User user;
  const auto store = Registry::Instance().Find(user->store_id());
  const auto digest_of = [](uint64_t i) { return Digest{{i, 0, 0, 0}}; };
  // Two digests that share a tag; and others of their shard, so that it has six.
  std::map<Tag, Digest> by_tag;
  uint64_t i = 0;
  while (by_tag.emplace(store->TagOf(digest_of(i)), digest_of(i)).second) i++;
  const Digest twin = digest_of(i);
  const Tag tag = store->TagOf(twin);
  std::vector<Digest> digests = {by_tag.extract(tag).mapped()};
  for (const auto& [other, digest] : by_tag) {
    if (ShardOf(other) == ShardOf(tag) && digests.size() < 6) digests.push_back(digest);
  }
  CHECK_EQ(digests.size(), 6u);
  const auto put = [&](const std::vector<Digest>& all) {
    Batch* batch = user.Begin();
    for (const Digest& digest : all) CHECK(user->Put(batch, digest, {}, {}) == Status::kOk);
    user.Commit(batch);
    return user.Stats().held_bytes;
  };
  // Six entries fill a table of eight slots; the seventh takes one of sixteen.
  const uint64_t held = put(digests);
  CHECK_EQ(put(digests), held);
  CHECK_EQ(put({twin}), held + 8 * sizeof(Table::Slot));
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

TEST("store: deleted keys leave nothing once nobody can see them") {
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
    CHECK_EQ(user->heap().used_bytes(), 0u);
  }
}

// A key of which every version is held by a batch of its own.
class HotKey {
 public:
  explicit HotKey(size_t versions) {
    for (size_t i = 0; i < versions; i++) {
      Batch* batch = owner_.Begin();
      owner_.Put(batch, "key", std::to_string(i));
      owner_.Commit(batch);
      readers_.push_back(reader_.Begin(false));
    }
  }

  uint64_t StepsToReadOldest() {
    return StepsOf([&] { CHECK(reader_->Has(readers_.front(), DigestOf("key")) == Status::kOk); });
  }

  // Ends all batches, in the order in which they stand; the steps of all, and the most of one.
  uint64_t StepsToEnd(uint64_t* most) {
    uint64_t all = 0;
    for (Batch* reader : readers_) {
      const uint64_t steps = StepsOf([&] { reader_.Discard(reader); });
      *most = std::max(*most, steps);
      all += steps;
    }
    return all;
  }
  uint64_t StepsToLeave() {
    return StepsOf([&] { reader_.Leave(); });
  }

  std::vector<Batch*>& readers() { return readers_; }
  uint64_t superseded() { return owner_.Stats().superseded; }

 private:
  User owner_;
  User reader_{owner_, 1};
  std::vector<Batch*> readers_;
};

TEST("store: ending a batch takes as many steps among many versions of a key as among few") {
  const char* const kOrders[] = {"oldest first", "newest first", "at random", "with their session"};
  for (const std::string order : kOrders) {
    uint64_t few_steps = 0;
    for (const size_t count : {1000, Rounds(100'000)}) {
      HotKey key(count);
      auto& readers = key.readers();
      if (order == "newest first") std::ranges::reverse(readers);
      if (order == "at random") {
        for (size_t i = count; i > 1; i--) std::swap(readers[i - 1], readers[random.Below(i)]);
      }
      uint64_t most = 0;
      const uint64_t steps =
          order == "with their session" ? key.StepsToLeave() : key.StepsToEnd(&most);
      CHECK_EQ(key.superseded(), 0u);
      Note(order + ", " + std::to_string(count) + " batches: " + std::to_string(steps / count) +
           " steps each, at most " + std::to_string(most));
      CHECK(most <= 128);
      if (few_steps == 0) few_steps = steps / count;
      CHECK(steps / count <= 2 * few_steps);
    }
  }
}

TEST("store: reading the oldest of many versions of a key takes few steps") {
  for (const size_t count : {10, 1000, Rounds(100'000)}) {
    HotKey key(count);
    const uint64_t steps = key.StepsToReadOldest();
    Note(std::to_string(count) + " versions: " + std::to_string(steps) + " steps");
    CHECK(steps <= 64);
  }
}

// Invariants 1 and 4.
TEST("store: many batches over few keys, which come and go, each see their own version") {
  struct Reader {
    Batch* batch;
    Pairs expected;
  };
  for (int program = 0; program < Rounds(20); program++) {
    User user;
    Pairs now;
    std::vector<Reader> readers;
    const size_t keys = random.Between(1, 3);
    for (int step = 0; step < 2000; step++) {
      const std::string key = Key(static_cast<int>(random.Below(keys)));
      switch (random.Below(5)) {
        case 0:
        case 1: {
          Batch* batch = user.Begin();
          if (random.OneIn(3)) {
            user.Delete(batch, key);
            now.erase(key);
          } else {
            user.Put(batch, key, now[key] = std::to_string(step));
          }
          user.Commit(batch);
          break;
        }
        case 2:
          readers.push_back({user.Begin(false), now});
          break;
        case 3:
          if (readers.empty() || random.OneIn(4)) break;
          std::swap(random.Pick(readers), readers.back());
          user.Discard(readers.back().batch);
          readers.pop_back();
          break;
        case 4:
          if (readers.empty()) break;
          Reader& reader = random.Pick(readers);
          const auto at = reader.expected.find(key);
          CHECK(user.Get(reader.batch, key) ==
                (at == reader.expected.end() ? std::nullopt : std::optional(at->second)));
          if (random.OneIn(4)) CHECK(user.All(reader.batch) == reader.expected);
      }
    }
    for (const Reader& reader : readers) {
      CHECK(user.All(reader.batch) == reader.expected);
      user.Discard(reader.batch);
    }
    CHECK(user.Now() == now);
    user.ReclaimAll();
    CHECK_EQ(user.Stats().superseded, 0u);
    CHECK_EQ(user.Stats().entries, now.size());
  }
}

// The time it takes is printed, not checked: the machine may be busy.
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
    // Without the pages that wait for later entries.
    const uint64_t idle = user->heap().held_bytes() - user->heap().used_bytes();
    const uint64_t beyond = (stats.held_bytes - idle - stats.bytes) / stats.entries;
    CHECK(count == 1000 || beyond <= 100);
    Note(std::to_string(count) + " entries: begin and discard " + std::to_string(begin.count()) +
         " ns, " + std::to_string(beyond) + " bytes an entry beyond key and value");
  }
}

}  // namespace
}  // namespace memdb::test
