import sentenceLength from 'textlint-rule-sentence-length';
import terminology from 'textlint-rule-terminology';

/** The most words that a sentence may have. */
export const MOST_WORDS = 25;

/** What not to write, as a regular expression, and what to write instead. */
const WORDING = [
  ['answers', 'returns'],
  ['answered', 'returned'],
  ['tells', 'reports'],
  ['(is|are|was|were) told', '$1 reported'],
  ['the (?:typed )?face', 'the public API'],
  ['(a|the|of) kept key', '$1 reused key'],
  ['(a|the|of) fresh key', '$1 new key'],
  // The system ledger is an account of the network.
  ['\\bthe system\\b(?! ledger)', 'the operating system'],
  ['cannot be had', 'cannot be allocated'],
  ['(is|are) none', '$1 not a ...'],
  ['of which there is one', '. There is one ...'],
  ['made anew', 'rebuilt'],
  ['(is|are|was) looked whether', '$1 checked whether'],
  ['that which', 'what'],
  ['what is no', 'what is not a'],
];

/** Between the words of a phrase. In a comment they may stand on two lines. */
const GAP = '[\\s*/]+';

export const rules = [
  {
    ruleId: 'sentence-length',
    rule: sentenceLength.default,
    // The rule counts characters. These patterns leave one character for each gap between words.
    options: { max: MOST_WORDS - 1, skipPatterns: ['/^\\s+|\\s+$/', '/(?<=\\s)\\s+/', '/\\S+/'] },
  },
  {
    ruleId: 'terminology',
    rule: terminology,
    options: {
      defaultTerms: false,
      terms: WORDING.map(([not, but]) => [not.replaceAll(/ (?!ledger)/g, GAP), but]),
    },
  },
];
