/** V8's flag that forbids private fields on frozen objects. Off today; it may become the default. */
export const FLAG = '--js-nonextensible-applies-to-private'
