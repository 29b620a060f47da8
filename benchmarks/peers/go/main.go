// The same chain on Go channels: go_chain stream|single PROCS prints nanoseconds an element.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

const (
	elements = 8
	capacity = 64
)

type frame struct {
	audio    *[640]byte
	sequence int
}

var pool = sync.Pool{New: func() any { return new([640]byte) }}

func newFrame(sequence int) frame {
	audio := pool.Get().(*[640]byte)
	audio[0] = 0
	return frame{audio, sequence}
}

func (f frame) finish(expected int) {
	if f.sequence != expected || f.audio[0] != elements {
		panic("lost, swapped or skipped a message")
	}
	pool.Put(f.audio)
}

func relay(in <-chan frame, out chan<- frame) {
	for f := range in {
		f.audio[0]++
		out <- f
	}
	close(out)
}

func chain() (chan<- frame, <-chan frame) {
	first := make(chan frame, capacity)
	last := first
	for i := 0; i < elements; i++ {
		next := make(chan frame, capacity)
		go relay(last, next)
		last = next
	}
	return first, last
}

func stream(messages int) {
	in, out := chain()
	go func() {
		for i := 0; i < messages; i++ {
			in <- newFrame(i)
		}
		close(in)
	}()
	expected := 0
	for f := range out {
		f.finish(expected)
		expected++
	}
}

func single(messages int) {
	in, out := chain()
	for i := 0; i < messages; i++ {
		in <- newFrame(i)
		f := <-out
		f.finish(i)
	}
	close(in)
}

func main() {
	procs, _ := strconv.Atoi(os.Args[2])
	runtime.GOMAXPROCS(procs)
	run, messages := stream, 200_000
	if os.Args[1] == "single" {
		run, messages = single, 50_000
	}
	run(messages / 10)
	begin := time.Now()
	run(messages)
	fmt.Println(float64(time.Since(begin).Nanoseconds()) / float64(messages) / elements)
}
