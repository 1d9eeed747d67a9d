"""Times a pass when asked, on stdin, or a few times for each number of threads when asked on the command line."""
import json
import sys
import time

import torch


def timed(work, threads, seconds):
    """Milliseconds of each pass, for so many seconds and at least two passes, after one to warm up."""
    torch.set_num_threads(threads)
    work()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 2 or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return times


def add_options(parser):
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--interactive", action="store_true", help="answer {threads, seconds} lines on stdin")


def serve(options, work, facts):
    """`work`: what to time, or several ways to do the same by name, of which the fastest counts."""
    ways = work if isinstance(work, dict) else {"": work}

    def best(threads, seconds):
        every = {name: timed(way, threads, seconds / len(ways)) for name, way in ways.items()}
        name = min(every, key=lambda name: sorted(every[name])[len(every[name]) // 2])
        return {"milliseconds": every[name], **({"way": name} if name != "" else {})}

    def say(answer):
        print(json.dumps(answer), flush=True)

    if options.interactive:
        say({"ready": True, **facts})
        for line in sys.stdin:
            question = json.loads(line)
            say(best(question["threads"], question["seconds"]))
        return
    for threads in options.threads:
        found = best(threads, options.seconds)
        times = sorted(found.pop("milliseconds"))
        say({"peer": "pytorch", "threads": threads, "milliseconds": round(times[len(times) // 2], 2), **found})
