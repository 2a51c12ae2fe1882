package messaging

import "container/heap"

// messageList is a list of visible messages. The links live in the messages,
// so that taking one out of the middle costs nothing.
type messageList struct {
	first, last *message
	len         int
}

func (l *messageList) push(m *message) {
	m.prev, m.next = l.last, nil
	if l.last == nil {
		l.first = m
	} else {
		l.last.next = m
	}
	l.last = m
	l.len++
}

func (l *messageList) remove(m *message) {
	if m.prev == nil {
		l.first = m.next
	} else {
		m.prev.next = m.next
	}
	if m.next == nil {
		l.last = m.prev
	} else {
		m.next.prev = m.prev
	}
	m.prev, m.next = nil, nil
	l.len--
}

// at walks to the n-th message.
func (l *messageList) at(n int) *message {
	m := l.first
	for range n {
		m = m.next
	}
	return m
}

// hiddenHeap holds the messages that are in flight or delayed; the first to
// become visible is on top.
type hiddenHeap []*message

func (h *hiddenHeap) push(m *message)   { heap.Push(h, m) }
func (h *hiddenHeap) remove(m *message) { heap.Remove(h, m.heapIndex) }
func (h *hiddenHeap) fix(m *message)    { heap.Fix(h, m.heapIndex) }

// Len implements heap.Interface.
func (h hiddenHeap) Len() int { return len(h) }

// Less implements heap.Interface.
func (h hiddenHeap) Less(i, j int) bool { return h[i].visibleAt.Before(h[j].visibleAt) }

// Swap implements heap.Interface.
func (h hiddenHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].heapIndex, h[j].heapIndex = i, j
}

// Push implements heap.Interface.
func (h *hiddenHeap) Push(x any) {
	m := x.(*message) //nolint:forcetypeassert // only messages are pushed
	m.heapIndex = len(*h)
	*h = append(*h, m)
}

// Pop implements heap.Interface.
func (h *hiddenHeap) Pop() any {
	last := len(*h) - 1
	m := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return m
}
