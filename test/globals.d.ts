/** The types of the 1.x SDK name this type of the DOM, which Node's own types do not have. */
type HeadersInit = import('undici').HeadersInit;
/** As above, for the types of gpt-tokenizer. */
type TextDecoder = import('node:util').TextDecoder;
