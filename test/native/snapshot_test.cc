#include "core/snapshot.h"

#include <algorithm>
#include <set>
#include <vector>

#include "check.h"
#include "threads.h"

namespace memdb::test {
namespace {

// A snapshot list, and a plain record of everything that ever stood in it: every
// version of every key, and the pins one by one. Plays the part of a store.
class Examined {
 public:
  explicit Examined(Random& random) : random_(random), list_(heap_) {}

  void Begin() {
    Pin* const pin = list_.Acquire();
    CHECK_EQ(pin->version, published_);
    pins_.push_back(pin);
  }

  void BeginAgain() {
    Pin* const pin = random_.Pick(pins_);
    list_.AcquireAgain(pin);
    pins_.push_back(pin);
  }

  void End() {
    list_.Release(TakePin());
    Check();
  }

  // Commits new versions of some keys by a batch that had one of the pins.
  void Commit() {
    if (pins_.empty()) Begin();
    const Version version = published_ + 1;
    SupersededList superseded;
    for (size_t i = random_.Between(1, kKeys); i > 0; i--) {
      auto& versions = keys_[random_.Below(kKeys)];
      if (!versions.empty() && versions.back().version == version) continue;
      if (!versions.empty()) {
        versions.back().superseded_by = version;
        superseded.Push(heap_, versions.back().ref);
      }
      const Ref ref = Entry::CreateDeleted(heap_, Digest{});
      EntryAt(heap_, ref)->version = version;
      versions.push_back({ref, version, 0});
    }
    SupersededList unseen = list_.Publish(version, TakePin(), false, superseded);
    published_ = version;
    CHECK_EQ(list_.published(), version);
    while (!unseen.empty()) Free(unseen.Pop(heap_));
    Check();
  }

  void Examine(size_t limit) {
    const size_t before = list_.unexamined();
    SupersededList unseen = list_.Examine(limit);
    CHECK_EQ(list_.unexamined(), before - std::min(before, limit));
    while (!unseen.empty()) Free(unseen.Pop(heap_));
    Check();
  }

  // With nothing left to examine, what is freed is exactly what nobody can see.
  void ExamineAll() {
    while (list_.unexamined() > 0) Examine(random_.Between(1, 8));
    for (const auto& versions : keys_) {
      for (const auto& version : versions) {
        if (version.superseded_by != 0) CHECK(Seen(version));
      }
    }
  }

  size_t pins() const { return pins_.size(); }
  size_t superseded() const {
    size_t count = 0;
    for (const auto& versions : keys_) count += versions.empty() ? 0 : versions.size() - 1;
    return count;
  }

 private:
  static constexpr size_t kKeys = 6;

  struct KeyVersion {
    Ref ref;
    Version version;
    Version superseded_by;  // 0: it is the newest
  };

  bool Seen(const KeyVersion& entry) const {
    return std::ranges::any_of(pins_, [&](Pin* p) {
      return entry.version <= p->version && p->version < entry.superseded_by;
    });
  }

  Pin* TakePin() {
    std::swap(random_.Pick(pins_), pins_.back());
    Pin* const pin = pins_.back();
    pins_.pop_back();
    return pin;
  }

  void Free(Ref ref) {
    for (auto& versions : keys_) {
      const auto at = std::ranges::find(versions, ref, &KeyVersion::ref);
      if (at == versions.end()) continue;
      CHECK(at->superseded_by != 0);
      CHECK(!Seen(*at));
      versions.erase(at);
      Entry::Destroy(heap_, ref);
      return;
    }
    Fail(__FILE__, __LINE__, "an entry is freed twice");
  }

  void Check() {
    CHECK_EQ(list_.size(), std::set<Pin*>(pins_.begin(), pins_.end()).size());
    CHECK(list_.unexamined() <= superseded());
  }

  Random& random_;
  Heap heap_;
  SnapshotList list_;
  Version published_ = 0;
  std::vector<Pin*> pins_;
  std::vector<KeyVersion> keys_[kKeys];
};

// Invariant 4.
TEST("snapshot: an entry is freed when no pin can see it, and not before") {
  for (int program = 0; program < Rounds(300); program++) {
    Examined examined(random);
    const size_t most_pins = random.Between(1, 300);
    for (int step = 0; step < 600; step++) {
      switch (random.Below(7)) {
        case 0:
        case 1:
          if (examined.pins() < most_pins) examined.Begin();
          break;
        case 2:
          if (examined.pins() > 0 && examined.pins() < most_pins) examined.BeginAgain();
          break;
        case 3:
          if (examined.pins() > 0) examined.End();
          break;
        case 4:
        case 5:
          examined.Commit();
          break;
        case 6:
          if (random.OneIn(4)) {
            examined.ExamineAll();
          } else {
            examined.Examine(random.Between(1, 4));
          }
      }
    }
    while (examined.pins() > 0) examined.End();
    examined.ExamineAll();
    CHECK_EQ(examined.superseded(), 0u);
  }
}

// How many entries of the list have the version; frees them all.
size_t FreeAll(Heap& heap, SupersededList list, Version version) {
  size_t count = 0;
  while (!list.empty()) {
    const Ref ref = list.Pop(heap);
    if (EntryAt(heap, ref)->version == version) count++;
    Entry::Destroy(heap, ref);
  }
  return count;
}

// Examines everything; returns those that nobody can see.
SupersededList ExamineAll(SnapshotList& list) {
  const size_t all = list.unexamined();
  SupersededList unseen = list.Examine(all + 1);
  CHECK_EQ(list.unexamined(), 0u);
  return unseen;
}

// A commit sorts out what it superseded by the newest pin, and that one goes meanwhile.
// Invariant 4.
TEST("snapshot: pins that are released during a commit") {
  constexpr size_t kEntries = 4'000;
  constexpr Version kOld = 1, kKept = 3, kNew = 5, kLast = 10;
  for (int round = 0; round < Rounds(200); round++) {
    Heap heap;
    SnapshotList list(heap);
    Pin* kept = nullptr;
    std::vector<Pin*> going;
    for (Version version = 1; version <= kLast; version++) {
      list.Publish(version, list.Acquire(), false, {});
      if (version == kKept) kept = list.Acquire();
      if (version > kNew && version < kLast) going.push_back(list.Acquire());
    }
    SupersededList superseded;
    for (size_t i = 0; i < kEntries; i++) {
      const Ref ref = Entry::CreateDeleted(heap, Digest{});
      EntryAt(heap, ref)->version = i % 2 == 0 ? kOld : kNew;
      superseded.Push(heap, ref);
    }
    Pin* const own = list.Acquire();
    SupersededList unseen;
    RunThreads(2, [&](int i) {
      if (i == 0) {
        unseen = list.Publish(kLast + 1, own, false, superseded);
      } else {
        for (; !going.empty(); going.pop_back()) list.Release(going.back());
      }
    });
    SupersededList examined = ExamineAll(list);
    unseen.Append(heap, examined);
    CHECK_EQ(unseen.size, kEntries / 2);
    CHECK_EQ(FreeAll(heap, unseen, kNew), kEntries / 2);
    list.Release(kept);
    CHECK_EQ(FreeAll(heap, ExamineAll(list), kOld), kEntries / 2);
  }
}

// A hundred thousand versions pinned at once, each released in little time.
TEST("snapshot: pins are released in any order") {
  Heap heap;
  SnapshotList list(heap);
  std::vector<Pin*> pins(static_cast<size_t>(Rounds(100'000)));
  Version published = 0;
  for (Pin*& pin : pins) {
    pin = list.Acquire();
    list.Publish(++published, list.Acquire(), false, {});
  }
  CHECK_EQ(list.size(), pins.size());
  for (size_t left = pins.size(); left > 0; left--) {
    std::swap(random.Pick(pins), pins.back());
    list.Release(pins.back());
    pins.pop_back();
    CHECK_EQ(list.size(), left - 1);
  }
}

TEST("snapshot: lists of superseded entries keep their entries") {
  Heap heap;
  SupersededList lists[3];
  std::multiset<Ref> model[3];
  for (int round = 0; round < Rounds(5000); round++) {
    const size_t i = random.Below(3);
    switch (random.Below(4)) {
      case 0:
      case 1: {
        const Ref ref = Entry::CreateDeleted(heap, Digest{});
        lists[i].Push(heap, ref);
        model[i].insert(ref);
        break;
      }
      case 2:
        if (!lists[i].empty()) {
          const Ref ref = lists[i].Pop(heap);
          CHECK_EQ(model[i].erase(ref), 1u);
          Entry::Destroy(heap, ref);
        }
        break;
      case 3: {
        const size_t other = (i + 1) % 3;
        lists[i].Append(heap, lists[other]);
        model[i].merge(model[other]);
        CHECK(lists[other].empty());
      }
    }
    CHECK_EQ(lists[i].size, model[i].size());
    CHECK_EQ(lists[i].empty(), model[i].empty());
  }
}

}  // namespace
}  // namespace memdb::test
