// soon
export function editor() {}
