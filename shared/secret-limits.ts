/** Longest value, characters: in UTF-8 a variable of it still fits what Linux takes, 128 KiB. */
export const longestSecret = 32 * 1024;
