#include "core/version_tree.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "check.h"
#include "steps.h"

namespace memdb::test {
namespace {

// All versions of one key in a tree, and in a sorted map.
class Versions {
 public:
  ~Versions() {
    for (const auto& [version, ref] : model_) Entry::Destroy(heap_, ref);
  }

  // A new version, some time after the last one.
  void Add(Version distance) {
    version_ += distance;
    const Ref ref = Entry::CreateDeleted(heap_, Digest{});
    EntryAt(heap_, ref)->version = version_;
    if (head_ != 0) tree_.Supersede(head_, ref, kTag);
    head_ = ref;
    model_.emplace(version_, ref);
  }

  // Removes the superseded entry of this place among them, the oldest being 0.
  void Remove(size_t place) {
    const auto at = std::next(model_.begin(), static_cast<ptrdiff_t>(place));
    Remove(at->second);
    model_.erase(at);
  }
  void Remove(Ref ref) {
    const Ref parent = EntryAt(heap_, ref)->superseded.parent;
    CHECK_EQ(tree_.Remove(ref), parent);
    Entry::Destroy(heap_, ref);
  }
  uint64_t StepsToRemove(Version version) {
    const Ref ref = model_.extract(version).mapped();
    return StepsOf([&] { tree_.Remove(ref); });
  }

  const Entry* Find(Version version) const { return tree_.Find(head_, version); }
  const Entry* Expected(Version version) const {
    const auto after = model_.upper_bound(version);
    return after == model_.begin() ? nullptr : EntryAt(heap_, std::prev(after)->second);
  }

  // Every entry stands in order and knows the entry above it.
  void CheckTree() const {
    std::vector<Ref> path;
    Ref parent = head_;
    Ref ref = EntryAt(heap_, head_)->older;
    auto expected = model_.begin();
    while (ref != 0 || !path.empty()) {
      for (; ref != 0; ref = EntryAt(heap_, ref)->older) {
        CHECK_EQ(EntryAt(heap_, ref)->superseded.parent, parent);
        path.push_back(ref);
        parent = ref;
      }
      parent = path.back();
      path.pop_back();
      const Entry* entry = EntryAt(heap_, parent);
      CHECK_EQ(expected->second, parent);
      CHECK_EQ(entry->superseded.tag, kTag);
      ++expected;
      ref = entry->superseded.newer;
    }
    CHECK_EQ(expected->second, head_);
  }

  size_t superseded() const { return model_.size() - 1; }
  Version newest() const { return version_; }

 private:
  static constexpr Tag kTag = 0x12345678;

  Heap heap_;
  VersionTree tree_{heap_};
  std::map<Version, Ref> model_;
  Version version_ = 0;
  Ref head_ = 0;
};

TEST("version_tree: like a sorted map, whatever comes and goes") {
  for (int program = 0; program < Rounds(100); program++) {
    Versions versions;
    versions.Add(random.Between(1, 3));
    const size_t most = random.Between(1, 100);
    for (int step = 0; step < 300; step++) {
      if (versions.superseded() < most && random.OneIn(2)) {
        versions.Add(random.Between(1, 3));
      } else if (versions.superseded() > 0) {
        versions.Remove(random.Below(versions.superseded()));
      }
      versions.CheckTree();
      const Version version = random.Below(versions.newest() + 2);
      CHECK(versions.Find(version) == versions.Expected(version));
    }
    while (versions.superseded() > 0) versions.Remove(random.Below(versions.superseded()));
    versions.CheckTree();
  }
}

// Versions in a row, and versions at a fixed distance: priorities that follow them would make
// a list of the tree.
TEST("version_tree: a search takes few steps among many versions, a removal fewer") {
  constexpr auto kCount = static_cast<size_t>(Rounds(100'000));
  for (const Version distance : {1, 2, 1597, 1 << 20}) {
    Versions versions;
    uint64_t adding = StepsOf([&] {
      for (size_t i = 0; i < kCount; i++) versions.Add(distance);
    });
    uint64_t longest = 0;
    for (size_t i = 0; i < 1000; i++) {
      const Version version = distance + random.Below(versions.newest());
      longest = std::max(longest, StepsOf([&] { versions.Find(version); }));
    }
    CHECK(longest <= 64);
    CHECK(StepsOf([&] { versions.Find(distance); }) <= 64);

    std::vector<Version> order;
    for (size_t i = 1; i < kCount; i++) order.push_back(i * distance);
    for (size_t i = order.size(); i > 1; i--) std::swap(order[i - 1], order[random.Below(i)]);
    uint64_t removing = 0;
    for (const Version version : order) removing += versions.StepsToRemove(version);
    Note("distance " + std::to_string(distance) + ": steps to add " +
         std::to_string(adding / kCount) + ", to find at most " + std::to_string(longest) +
         ", to remove " + std::to_string(removing / kCount));
    CHECK(adding <= 32 * kCount);
    CHECK(removing <= 16 * kCount);
  }
}

}  // namespace
}  // namespace memdb::test
