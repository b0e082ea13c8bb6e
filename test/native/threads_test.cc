// Threads that work on one store at once, with values that validate themselves.

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "check.h"
#include "threads.h"
#include "user.h"

namespace memdb::test {
namespace {

constexpr int kGroups = 4;
constexpr int kKeys = 12;

std::string CounterOf(int group) {
  return "counter " + std::to_string(group);
}

std::string KeyOf(int group, int key) {
  return "group " + std::to_string(group) + " key " + std::to_string(key);
}

// A value that contains its key and the commit that wrote it, filled up with bytes
// that follow from these: a wrong byte anywhere shows. Sometimes too large
// for a block of the heap.
std::string ValueOf(const std::string& key, int64_t stamp) {
  std::string value = key + "@" + std::to_string(stamp) + ":";
  Random filling = Random::For(static_cast<uint64_t>(stamp), key);
  const size_t size = filling.OneIn(16) ? filling.Below(4000) : filling.Below(100);
  value += filling.Text(size);
  return value;
}

int64_t StampOf(const std::string& key, const std::string& value) {
  CHECK(value.starts_with(key + "@"));
  const int64_t stamp = std::stoll(value.substr(key.size() + 1));
  CHECK(value == ValueOf(key, stamp));
  return stamp;
}

// Every so often a commit deletes the keys of its group, the counter excepted.
bool Deleted(int64_t stamp) {
  return stamp % 5 == 4;
}

// Keys in groups, each written as a whole: its counter goes up by one with every
// update, and its other keys carry the counter's stamp.
class Work {
 public:
  explicit Work(int threads) : threads_(threads), owner_(UINT64_MAX, -1) {
    Batch* batch = owner_.Begin();
    for (int group = 0; group < kGroups; group++) Write(owner_, batch, group, 0);
    owner_.Commit(batch);
  }

  void Run(uint64_t seed, int rounds, bool leaving) {
    RunThreads(threads_, [&](int thread) {
      Random random = Random(seed).Fork(static_cast<uint64_t>(thread));
      std::optional<User> user;
      std::array<int64_t, kGroups> seen{};
      for (int round = 0; round < rounds; round++) {
        if (!user) user.emplace(owner_, thread);
        switch (random.Below(8)) {
          case 0:
          case 1:
            Update(*user, random, true);
            break;
          case 2:
            CommitBlindly(*user, random, thread, round);
            break;
          case 3:
            Walk(*user, random);
            break;
          case 4:
            // Ends in the middle of something, with all that it has open.
            if (leaving) {
              LeaveOpen(*user, random);
              user.reset();
            }
            break;
          default:
            Read(*user, random, &seen);
        }
      }
    });
  }

  // Nothing was lost, and nothing is left behind.
  void Check() {
    Batch* batch = owner_.Begin(false);
    for (int group = 0; group < kGroups; group++) {
      CHECK_EQ(Stamp(owner_, batch, group), updates_[static_cast<size_t>(group)].load());
    }
    owner_.Discard(batch);
    owner_.ReclaimAll();
    CHECK_EQ(owner_.Stats().superseded, 0u);
    CHECK_EQ(owner_.Stats().snapshots, 0u);
    CHECK_EQ(owner_.Stats().entries, owner_.Now().size());
    owner_->ForEachUsage([](const Session::Usage& usage) { CHECK_EQ(usage.batches, 0u); });
    int holder;
    CHECK(owner_->Lock(milliseconds(0), &holder) == Status::kOk);
    batch = owner_.Begin();
    for (const auto& [key, value] : owner_.Now()) owner_.Delete(batch, key);
    owner_.Commit(batch, true);
    owner_->Unlock();
    owner_.ReclaimAll();
    CHECK_EQ(owner_->heap().used_bytes(), 0u);
  }

 private:
  static void Write(User& user, Batch* batch, int group, int64_t stamp) {
    user.Put(batch, CounterOf(group), ValueOf(CounterOf(group), stamp));
    for (int key = 0; key < kKeys; key++) {
      if (Deleted(stamp)) {
        user.Delete(batch, KeyOf(group, key));
      } else {
        user.Put(batch, KeyOf(group, key), ValueOf(KeyOf(group, key), stamp));
      }
    }
  }

  // The stamp that all of the group carries. Invariant 3.
  static int64_t Stamp(User& user, const Batch* batch, int group) {
    const auto counter = user.Get(batch, CounterOf(group));
    CHECK(counter.has_value());
    const int64_t stamp = StampOf(CounterOf(group), *counter);
    std::vector<std::string> keys;
    for (int key = 0; key < kKeys; key++) keys.push_back(KeyOf(group, key));
    const auto values = user.GetMany(batch, keys);
    for (size_t i = 0; i < keys.size(); i++) {
      CHECK_EQ(values[i].has_value(), !Deleted(stamp));
      if (values[i]) CHECK_EQ(StampOf(keys[i], *values[i]), stamp);
    }
    return stamp;
  }

  // Reads the counter and writes it back one higher, as `update` does.
  void Update(User& user, Random& random, bool commit) {
    const int group = static_cast<int>(random.Below(kGroups));
    int holder;
    Status status;
    while ((status = user->Lock(milliseconds(1), &holder)) == Status::kBusy) {
      CHECK(holder >= -1 && holder < threads_);
    }
    CHECK(status == Status::kOk);
    Batch* batch = user.Begin();
    const int64_t stamp = Stamp(user, batch, group) + 1;
    Batch* target = random.OneIn(2) ? user.BeginNested(batch) : batch;
    Write(user, target, group, stamp);
    if (!commit) return;  // the session ends with it
    if (target != batch) user.Commit(target);
    CHECK_EQ(Stamp(user, batch, group), stamp);
    user.Commit(batch, true);
    // From here on every batch that begins must see it, in any thread.
    updates_[static_cast<size_t>(group)].fetch_add(1);
    user->Unlock();
  }

  // A commit without looking, of keys that are read as a whole too.
  void CommitBlindly(User& user, Random& random, int thread, int round) {
    Batch* batch = user.Begin();
    const int64_t stamp = int64_t{thread} * 1'000'000 + round;
    for (int key = 0; key < kKeys; key++) {
      const std::string name = KeyOf(kGroups, key);
      user.Put(batch, name, ValueOf(name, stamp));
    }
    if (random.OneIn(4)) {
      user.Discard(batch);
      return;
    }
    user.Commit(batch);
    // Invariant 2: this commit or a later one.
    batch = user.Begin(false);
    BlindStamp(user, batch);
    CHECK(user.Get(batch, KeyOf(kGroups, 0)).has_value());
    user.Discard(batch);
  }

  static void BlindStamp(User& user, const Batch* batch) {
    std::optional<int64_t> stamp;
    for (int key = 0; key < kKeys; key++) {
      const auto value = user.Get(batch, KeyOf(kGroups, key));
      if (key == 0) {
        if (value) stamp = StampOf(KeyOf(kGroups, key), *value);
      } else {
        CHECK_EQ(value.has_value(), stamp.has_value());
        if (value) CHECK_EQ(StampOf(KeyOf(kGroups, key), *value), *stamp);
      }
    }
  }

  void Read(User& user, Random& random, std::array<int64_t, kGroups>* seen) {
    std::array<int64_t, kGroups> least;
    for (size_t group = 0; group < kGroups; group++) {
      least[group] = std::max((*seen)[group], updates_[group].load());
    }
    Batch* batch = user.Begin(random.OneIn(2));
    std::array<int64_t, kGroups> first;
    for (int group = 0; group < kGroups; group++) {
      const auto i = static_cast<size_t>(group);
      first[i] = Stamp(user, batch, group);
      CHECK(first[i] >= least[i]);  // invariant 2; and versions never go back
    }
    // Invariant 1: it goes on seeing just that.
    for (size_t i = random.Below(4); i > 0; i--) {
      std::this_thread::yield();
      const auto group = static_cast<int>(random.Below(kGroups));
      CHECK_EQ(Stamp(user, batch, group), first[static_cast<size_t>(group)]);
      BlindStamp(user, batch);
    }
    user.Discard(batch);
    *seen = first;
  }

  // An iteration shows what the batch reads, and goes on without it.
  static void Walk(User& user, Random& random) {
    Batch* batch = user.Begin(false);
    Cursor* cursor = user->StartCursor(batch, KeyFilter({}), false);
    CHECK(cursor != nullptr);
    std::array<int64_t, kGroups> stamps;
    for (int group = 0; group < kGroups; group++) {
      stamps[static_cast<size_t>(group)] = Stamp(user, batch, group);
    }
    user.Discard(batch);
    Pairs pairs;
    while (user.Next(cursor, random.Between(1, 20), random.Below(3000), &pairs)) {
    }
    user->EndCursor(cursor);
    for (int group = 0; group < kGroups; group++) {
      const int64_t stamp = stamps[static_cast<size_t>(group)];
      CHECK(pairs.at(CounterOf(group)) == ValueOf(CounterOf(group), stamp));
      for (int key = 0; key < kKeys; key++) {
        const auto at = pairs.find(KeyOf(group, key));
        CHECK_EQ(at != pairs.end(), !Deleted(stamp));
        if (at != pairs.end()) CHECK(at->second == ValueOf(at->first, stamp));
      }
    }
  }

  void LeaveOpen(User& user, Random& random) {
    Batch* batch = user.Begin();
    user.Put(batch, "never committed", "value");
    user.BeginNested(batch);
    user->StartCursor(batch, KeyFilter({}), false);
    if (random.OneIn(2)) Update(user, random, false);
  }

  const int threads_;
  User owner_;
  std::array<std::atomic<int64_t>, kGroups> updates_{};
};

// Invariants 1 to 4.
TEST("threads: every read is of one whole version, repeats, and misses no commit") {
  for (const int threads : {2, 4, 8}) {
    Work work(threads);
    work.Run(random.Next(), Rounds(6000) / threads, false);
    work.Check();
  }
}

// Invariant 6.
TEST("threads: sessions end at any moment, with all they have open, while others work") {
  for (const int threads : {2, 4, 8}) {
    Work work(threads);
    work.Run(random.Next(), Rounds(6000) / threads, true);
    work.Check();
  }
}

// Invariant 7, as far as it can be shown: two threads that hold everything but
// the transaction mutex hold nobody up.
TEST("threads: open batches and iterations delay nobody") {
  User user;
  std::atomic<bool> done{false};
  std::atomic<int> open{0};
  RunThreads(3, [&](int i) {
    User own(user, i);
    if (i > 0) {
      Batch* batch = own.Begin();
      own.Put(batch, "key", "pending");
      Cursor* cursor = own->StartCursor(batch, KeyFilter({}), false);
      Pairs pairs;
      own.Next(cursor, 1, 100, &pairs);
      open++;
      WaitUntil("the commits of the other thread", [&] { return done.load(); });
      CHECK(own.Get(batch, "key") == "pending");
      return;
    }
    WaitUntil("two batches open", [&] { return open == 2; });
    for (int round = 0; round < 100; round++) {
      Batch* batch = own.Begin();
      own.Put(batch, "key", std::to_string(round));
      own.Commit(batch);
    }
    CHECK(own.Now() == Pairs({{"key", "99"}}));
    done = true;
  });
}

}  // namespace
}  // namespace memdb::test
