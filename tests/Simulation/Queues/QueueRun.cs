using System.Collections.Immutable;
using Mesh.Core.Outliers;

namespace Mesh.Simulation.Queues;

/// <summary>One run, event by event. Two runs with the same seed and options do the same, to the last request.</summary>
internal sealed class QueueRun
{
    private const double Spell = 0.2;

    private readonly QueueOptions _options;
    private readonly IWeightSource? _weights;
    private readonly Random _random;
    private readonly PriorityQueue<Event, (double At, long Order)> _events = new();
    private readonly QueueProxy[] _proxies;
    private readonly Line[] _lines;
    private readonly ReportAccumulator _gateway = new();
    private readonly ReportAccumulator _service = new();
    private readonly List<List<EndpointObservation>> _onTheWay = [];
    private readonly List<ImmutableArray<int>> _pushes = [];
    private long _order;
    private double _now;
    private bool _fast;

    public QueueRun(int seed, QueueOptions options, IWeightSource? weights)
    {
        (_options, _weights) = (options, weights);
        _random = new Random(seed);
        var leastRequest = options.Balancing is Balancing.LeastRequest or Balancing.AdaptiveLeastRequest;
        _proxies = [.. Enumerable.Range(0, options.Proxies).Select(i => new QueueProxy(new Random(HashCode(seed, i)), options.Stations.Length, leastRequest))];
        _lines = [.. options.Stations.Select(station => new Line(station))];
        Recorder = new QueueRecorder(options);
    }

    private enum Kind
    {
        Arrival,
        Departure,
        Refused,
        Spell,
        Report,
        ReportArrives,
        Flush,
        Step,
        PushArrives,
        Change,
    }

    public QueueRecorder Recorder { get; }

    public void Run()
    {
        After(NextArrival(), Kind.Arrival);
        if (_options.Arrivals == Arrivals.Bursty)
        {
            After(Exponential(Spell), Kind.Spell);
        }

        if (_options.ChangeAt < _options.Seconds)
        {
            After(_options.ChangeAt, Kind.Change);
        }

        if (_weights is not null)
        {
            After(_options.Policy.Interval.TotalSeconds, Kind.Step);
            After(_random.NextDouble() * _options.GatewayEvery, Kind.Flush);
            for (var i = 0; i < _proxies.Length; i++)
            {
                After(_random.NextDouble() * _options.ReportEvery, Kind.Report, i);
            }
        }

        while (_events.TryDequeue(out var happened, out var when) && when.At <= _options.Seconds)
        {
            _now = when.At;
            Handle(happened);
        }
    }

    private void Handle(Event happened)
    {
        switch (happened.Kind)
        {
            case Kind.Arrival:
                Arrive(_random.Next(_proxies.Length));
                After(NextArrival(), Kind.Arrival);
                break;
            case Kind.Departure:
                Depart(happened.A, happened.B, happened.Began);
                break;
            case Kind.Refused:
                Answer(happened.A, happened.B, happened.Began, failed: true);
                break;
            case Kind.Spell:
                _fast = !_fast;
                After(Exponential(Spell), Kind.Spell);
                break;
            case Kind.Report:
                _onTheWay.Add(_proxies[happened.A].Report(_options.ReportEvery, _options.ReportsLatency));
                After(Delay(), Kind.ReportArrives, _onTheWay.Count - 1);
                After(_options.ReportEvery, Kind.Report, happened.A);
                break;
            case Kind.ReportArrives:
                _onTheWay[happened.A].ForEach(_gateway.Add);
                _onTheWay[happened.A] = [];
                break;
            case Kind.Flush:
                _gateway.Flush().ToList().ForEach(_service.Add);
                After(_options.GatewayEvery, Kind.Flush);
                break;
            case Kind.Step:
                Step();
                After(_options.Policy.Interval.TotalSeconds, Kind.Step);
                break;
            case Kind.PushArrives:
                _proxies[happened.A].Take(_pushes[happened.B]);
                break;
            default:
                for (var i = 0; i < _lines.Length; i++)
                {
                    _lines[i].Station = _options.Changed!.Value[i];
                }

                break;
        }
    }

    private void Arrive(int proxy)
    {
        var station = _proxies[proxy].Send();
        var line = _lines[station];
        Recorder.Sent(_now, station);
        if (line.Waiting.Count >= _options.QueueLimit || (line.Station.FailureShare > 0 && _random.NextDouble() < line.Station.FailureShare))
        {
            After(0.0005, Kind.Refused, proxy, station, _now);
        }
        else if (line.Busy < line.Station.Workers)
        {
            line.Busy++;
            After(ServiceTime(line.Station), Kind.Departure, proxy, station, _now);
        }
        else
        {
            line.Waiting.Enqueue((proxy, _now));
        }
    }

    private void Depart(int proxy, int station, double began)
    {
        var line = _lines[station];
        line.Busy--;
        while (line.Busy < line.Station.Workers && line.Waiting.TryDequeue(out var next))
        {
            line.Busy++;
            After(ServiceTime(line.Station), Kind.Departure, next.Proxy, station, next.Began);
        }

        Answer(proxy, station, began, failed: false);
    }

    private void Answer(int proxy, int station, double began, bool failed)
    {
        _proxies[proxy].Answered(station, _now - began, failed);
        Recorder.Answered(began, _now - began, failed);
    }

    private void Step()
    {
        if (_weights!.Step(_service.Flush()) is { } weights)
        {
            _pushes.Add(weights);
            for (var i = 0; i < _proxies.Length; i++)
            {
                After(Delay(), Kind.PushArrives, i, _pushes.Count - 1);
            }
        }

        Recorder.Weights(_now, _weights.Factors);
    }

    private double NextArrival() => Exponential(1 / (_options.Rate * (_options.Arrivals == Arrivals.Poisson ? 1 : _fast ? 1.5 : 0.5)));

    private double ServiceTime(Station station) => station.MeanSeconds * _options.ServiceTimes switch
    {
        ServiceTimes.Lognormal => Lognormal(0.6),
        ServiceTimes.HeavyTailed => Lognormal(1.2),
        _ => Exponential(1),
    };

    private double Lognormal(double sigma)
    {
        var normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        return Math.Exp(sigma * normal - sigma * sigma / 2);
    }

    private double Exponential(double mean) => -mean * Math.Log(1 - _random.NextDouble());

    private double Delay() => _options.Delay * (0.5 + _random.NextDouble());

    private void After(double seconds, Kind kind, int a = 0, int b = 0, double began = 0) =>
        _events.Enqueue(new Event(kind, a, b, began), (_now + seconds, _order++));

    private static int HashCode(int seed, int i) => unchecked(seed * 7919 + i * 104729 + 17);

    private readonly record struct Event(Kind Kind, int A, int B, double Began);

    private sealed class Line(Station station)
    {
        public Station Station { get; set; } = station;

        public int Busy { get; set; }

        public Queue<(int Proxy, double Began)> Waiting { get; } = new();
    }
}
