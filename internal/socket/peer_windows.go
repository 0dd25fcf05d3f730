package socket

// maxPath is sizeof(sun_path) less its final zero.
const maxPath = 107
