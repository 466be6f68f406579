using Mesh.Simulation.Queues;
using Microsoft.AspNetCore.Http;

namespace Mesh.Bench.Verdicts.Processes;

/// <summary>
/// A workload with so many workers and one line in front of them, as the queueing simulation has it: a worker is held for the service time without using
/// the processor, so that a machine with two cores can be eight of them.
/// </summary>
internal sealed class Workers(Station station, int queueLimit, int seed)
{
    // Lognormal, as in the simulation.
    private const double Sigma = 0.6;

    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _line = [];
    private readonly Random _random = new(seed);
    private int _busy;

    /// <summary>Serves one request, or refuses it when the line is full.</summary>
    public async Task Serve(HttpContext context)
    {
        if (Enter() is not { } turn)
        {
            // Not 503, which the proxies would try elsewhere: the simulation has no second tries.
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        await turn;
        try
        {
            await Task.Delay(ServiceTime());
            await context.Response.WriteAsync("ok");
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Done when a worker is free; null when too many wait.</summary>
    private Task? Enter()
    {
        lock (_gate)
        {
            if (_busy < station.Workers)
            {
                _busy++;
                return Task.CompletedTask;
            }

            if (_line.Count >= queueLimit)
            {
                return null;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _line.Enqueue(turn);
            return turn.Task;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (_line.TryDequeue(out var next))
            {
                next.SetResult();
            }
            else
            {
                _busy--;
            }
        }
    }

    private TimeSpan ServiceTime()
    {
        double normal;
        lock (_gate)
        {
            normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        }

        return TimeSpan.FromSeconds(station.MeanSeconds * Math.Exp((Sigma * normal) - (Sigma * Sigma / 2)));
    }
}
