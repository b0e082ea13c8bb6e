// The forms of SHA-256 that use the CPU's own instructions: x86 SHA extensions
// and ARMv8 cryptography. Both work on four rounds at a time: `schedule` holds
// the last sixteen words of the message schedule, four to a register.

#include "sha256.h"

#if defined(__x86_64__) || defined(_M_X64)
#define MEMDB_SHA_X86 1
#include <immintrin.h>
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#elif defined(__aarch64__) || defined(_M_ARM64)
#define MEMDB_SHA_ARM 1
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

namespace memdb {

#if defined(MEMDB_SHA_X86)

namespace {

#if defined(_MSC_VER)
#define MEMDB_SHA_TARGET
#else
#define MEMDB_SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))
#endif

MEMDB_SHA_TARGET void CompressX86(Sha256State& state, const uint8_t* blocks, size_t count) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

  // The instructions want the state as (a b e f) and (c d g h).
  const __m128i abcd = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state.data()));
  const __m128i efgh = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state.data() + 4));
  const __m128i badc = _mm_shuffle_epi32(abcd, 0xb1);
  const __m128i hgfe = _mm_shuffle_epi32(efgh, 0x1b);
  __m128i abef = _mm_alignr_epi8(badc, hgfe, 8);
  __m128i cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);

  for (; count > 0; count--, blocks += 64) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i schedule[4];
#if defined(__GNUC__)
#pragma GCC unroll 16
#endif
    for (int i = 0; i < 16; i++) {
      __m128i& words = schedule[i & 3];
      if (i < 4) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks + 16 * i));
        words = _mm_shuffle_epi8(bytes, big_endian);
      } else {
        const __m128i last = schedule[(i + 3) & 3];
        const __m128i seven_back = _mm_alignr_epi8(last, schedule[(i + 2) & 3], 4);
        words = _mm_sha256msg1_epu32(words, schedule[(i + 1) & 3]);
        words = _mm_sha256msg2_epu32(_mm_add_epi32(words, seven_back), last);
      }
      const __m128i constants =
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(kSha256RoundConstants.data() + 4 * i));
      const __m128i sum = _mm_add_epi32(words, constants);
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }

  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data()), _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state.data() + 4), _mm_alignr_epi8(dchg, feba, 8));
}

bool CpuHasSha() {
  constexpr uint32_t kSsse3 = 1u << 9;
  constexpr uint32_t kSse41 = 1u << 19;
  constexpr uint32_t kSha = 1u << 29;
#if defined(_MSC_VER)
  int basic[4];
  int extended[4];
  __cpuid(basic, 0);
  if (basic[0] < 7) return false;
  __cpuid(basic, 1);
  __cpuidex(extended, 7, 0);
  const uint32_t features = static_cast<uint32_t>(basic[2]);
  const uint32_t more = static_cast<uint32_t>(extended[1]);
#else
  uint32_t a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return false;
  const uint32_t features = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  const uint32_t more = b;
#endif
  return (features & kSsse3) && (features & kSse41) && (more & kSha);
}

}  // namespace

Sha256Function Sha256Accelerated() {
  return CpuHasSha() ? &CompressX86 : nullptr;
}

#elif defined(MEMDB_SHA_ARM)

namespace {

#if defined(__clang__)
#define MEMDB_SHA_TARGET __attribute__((target("sha2")))
#elif defined(__GNUC__)
#define MEMDB_SHA_TARGET __attribute__((target("+crypto")))
#else
#define MEMDB_SHA_TARGET
#endif

MEMDB_SHA_TARGET void CompressArm(Sha256State& state, const uint8_t* blocks, size_t count) {
  uint32x4_t abcd = vld1q_u32(state.data());
  uint32x4_t efgh = vld1q_u32(state.data() + 4);
  for (; count > 0; count--, blocks += 64) {
    const uint32x4_t abcd_before = abcd;
    const uint32x4_t efgh_before = efgh;
    uint32x4_t schedule[4];
    for (int i = 0; i < 16; i++) {
      uint32x4_t& words = schedule[i & 3];
      if (i < 4) {
        words = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * i)));
      } else {
        words = vsha256su0q_u32(words, schedule[(i + 1) & 3]);
        words = vsha256su1q_u32(words, schedule[(i + 2) & 3], schedule[(i + 3) & 3]);
      }
      const uint32x4_t sum = vaddq_u32(words, vld1q_u32(kSha256RoundConstants.data() + 4 * i));
      const uint32x4_t abcd_now = abcd;
      abcd = vsha256hq_u32(abcd, efgh, sum);
      efgh = vsha256h2q_u32(efgh, abcd_now, sum);
    }
    abcd = vaddq_u32(abcd, abcd_before);
    efgh = vaddq_u32(efgh, efgh_before);
  }
  vst1q_u32(state.data(), abcd);
  vst1q_u32(state.data() + 4, efgh);
}

bool CpuHasSha() {
#if defined(__APPLE__)
  return true;  // every 64-bit ARM of Apple's has the extension
#elif defined(__linux__)
  constexpr unsigned long kSha2 = 1ul << 6;  // HWCAP_SHA2
  return (getauxval(AT_HWCAP) & kSha2) != 0;
#else
  return false;
#endif
}

}  // namespace

Sha256Function Sha256Accelerated() {
  return CpuHasSha() ? &CompressArm : nullptr;
}

#else

Sha256Function Sha256Accelerated() {
  return nullptr;
}

#endif

}  // namespace memdb
