package xray

import "strings"

// Known writes a header anew from the fields that are AWS's and well formed,
// with or without a Root: nothing of what else a client may have put there is
// left. A Lineage of other signs than AWS's, or longer than 256, is left off.
// The result has less than 400 bytes, and none where no field is left or the
// header is longer than [MaxLength].
func Known(header string) string {
	if id, ok := rootAlone(header); ok {
		var room [rootLength]byte
		if string(appendRoot(room[:0], id)) == header[len("Root="):] {
			return header
		}
	}
	h, _ := Parse(header)
	if len(h.Lineage) > maxLineage || strings.Trim(h.Lineage, "0123456789abcdef:|") != "" {
		h.Lineage = ""
	}
	var room [128 + maxLineage]byte
	b := h.append(room[:0])
	if string(b) == header {
		return header
	}
	return string(b)
}

// maxLineage is room for three functions, as many as Lambda tells of, of about
// 12 bytes each, several times over.
const maxLineage = 256
