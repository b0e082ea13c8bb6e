#ifndef MEMDB_BINDING_ID_TABLE_H_
#define MEMDB_BINDING_ID_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace memdb {

// Integers for things that JavaScript names but must never have the address of. An
// id that is not in use finds nothing. It holds a place and the place's generation,
// so it names nothing else until 128 others have had the place.
template <typename T>
class IdTable {
 public:
  // Makes sure that the next Add cannot fail for want of memory.
  void Reserve() {
    if (!idle_.empty()) return;
    if (items_.size() == kPlaces) throw std::bad_alloc();
    if (items_.size() == items_.capacity()) items_.reserve(2 * items_.size() + 8);
    // Room for every id among the idle ones: removing must not fail either.
    idle_.reserve(items_.capacity());
  }

  int32_t Add(T item) {
    Reserve();
    if (idle_.empty()) {
      items_.push_back(Item{std::move(item), true, 0});
      return static_cast<int32_t>(items_.size() - 1);
    }
    const uint32_t place = idle_.back();
    idle_.pop_back();
    Item& reused = items_[place];
    reused.value = std::move(item);
    reused.used = true;
    return static_cast<int32_t>(place | uint32_t{reused.generation} << kPlaceBits);
  }

  // Null when the id is not in use. Good until the table changes.
  T* Find(int32_t id) {
    const uint32_t place = PlaceOf(id);
    if (place >= items_.size()) return nullptr;
    Item& item = items_[place];
    // A negative id has a generation that no place has.
    const bool here = item.used && item.generation == static_cast<uint32_t>(id) >> kPlaceBits;
    return here ? &item.value : nullptr;
  }

  // The id must be in use.
  void Remove(int32_t id) { Free(PlaceOf(id)); }

  template <typename Condition>
  void RemoveIf(Condition&& condition) {
    for (uint32_t place = 0; place < items_.size(); place++) {
      if (items_[place].used && condition(items_[place].value)) Free(place);
    }
  }

 private:
  static constexpr int kPlaceBits = 24;
  static constexpr size_t kPlaces = size_t{1} << kPlaceBits;
  static constexpr uint8_t kGenerations = 128;

  struct Item {
    T value{};
    bool used = false;
    uint8_t generation = 0;
  };

  static uint32_t PlaceOf(int32_t id) { return static_cast<uint32_t>(id) & (kPlaces - 1); }
  void Free(uint32_t place) {
    Item& item = items_[place];
    item.value = T{};
    item.used = false;
    item.generation = (item.generation + 1) % kGenerations;
    idle_.push_back(place);
  }

  std::vector<Item> items_;
  std::vector<uint32_t> idle_;
};

}  // namespace memdb

#endif  // MEMDB_BINDING_ID_TABLE_H_
