using System.Globalization;

namespace Mesh.Bench.Push;

/// <summary>What the command line asks for.</summary>
internal sealed class PushOptions
{
    private static readonly string[] Flags = ["--wildcard", "--all"];
    private static readonly string[] Valued =
    [
        "--streams", "--variant", "--subscribe", "--services", "--endpoints", "--changes", "--every", "--warm-up", "--rounds", "--growth", "--reconnect",
        "--json", "--svg", "--silo",
    ];

    private readonly Dictionary<string, string> _values = [];

    private PushOptions(string silo) => Silo = silo;

    public string Silo { get; private set; }

    /// <summary>Where to write all figures; null for nowhere.</summary>
    public string? Json => _values.GetValueOrDefault("--json");

    /// <summary>Where to draw them; null for nowhere.</summary>
    public string? Svg => _values.GetValueOrDefault("--svg");

    private bool Everything => _values.ContainsKey("--all");

    /// <returns>Null when something is wrong, which has been said then.</returns>
    public static PushOptions? Read(IReadOnlyList<string> arguments, string silo)
    {
        var options = new PushOptions(silo);
        for (var i = 0; i < arguments.Count; i++)
        {
            if (Flags.Contains(arguments[i]))
            {
                options._values[arguments[i]] = "true";
            }
            else if (Valued.Contains(arguments[i]) && i + 1 < arguments.Count)
            {
                options._values[arguments[i]] = arguments[++i];
            }
            else
            {
                return Wrong($"'{arguments[i]}' is not an option here, or lacks its value");
            }
        }

        options.Silo = options._values.GetValueOrDefault("--silo", silo);
        try
        {
            _ = options.Setups().Concat(options.Growth()).Concat(options.Reconnects()).Count();
        }
        catch (FormatException wrong)
        {
            return Wrong(wrong.Message);
        }

        return File.Exists(options.Silo) ? options : Wrong($"there is no {options.Silo}; build it with `dotnet build src/Silo -c Release` or name one with --silo");
    }

    /// <summary>The table: every combination, each in every round.</summary>
    public IEnumerable<PushSetup> Setups() =>
        !Everything && (_values.ContainsKey("--growth") || _values.ContainsKey("--reconnect")) ? [] :
        from round in Enumerable.Range(0, Number("--rounds", 1))
        from subscribe in Texts("--subscribe", "all,10")
        from streams in Numbers("--streams", "1000,5000")
        from variant in Texts("--variant", "sotw,delta")
        from services in Numbers("--services", "100")
        select Common() with
        {
            Streams = streams,
            Delta = IsDelta(variant),
            Names = subscribe == PushSetup.All ? null : Whole("--subscribe", subscribe),
            Services = services,
        };

    /// <summary>The same streams and the same changes, with more and more services around.</summary>
    public IEnumerable<PushSetup> Growth() =>
        !Everything && !_values.ContainsKey("--growth") ? [] :
        from round in Enumerable.Range(0, Number("--rounds", 1))
        from services in Numbers("--growth", "100,1000,10000")
        select Common() with
        {
            Streams = Numbers("--streams", "1000").First(),
            Delta = IsDelta(Texts("--variant", "sotw")[0]),
            Names = 10,
            SameNames = true,
            Services = services,
            // Each service looks at its endpoints once in 30 s, whatever changes: the changes and the idle time both last for one such round.
            WarmUp = Number("--warm-up", 60),
            Changes = Number("--changes", 60),
            Idle = TimeSpan.FromSeconds(30),
        };

    /// <summary>Clients that come back after a restart.</summary>
    public IEnumerable<PushSetup> Reconnects() =>
        !Everything && !_values.ContainsKey("--reconnect") ? [] :
        from round in Enumerable.Range(0, Number("--rounds", 1))
        from streams in Numbers("--reconnect", "1000")
        select Common() with { Streams = streams, Delta = true, Services = Numbers("--services", "100").First() };

    private static bool IsDelta(string variant) =>
        variant switch { "delta" => true, "sotw" => false, _ => throw new FormatException($"--variant {variant}: there are sotw and delta") };

    private PushSetup Common() => new()
    {
        Silo = Silo,
        Wildcard = _values.ContainsKey("--wildcard"),
        Endpoints = Number("--endpoints", 10),
        Changes = Number("--changes", 40),
        WarmUp = Number("--warm-up", 60),
        Every = TimeSpan.FromMilliseconds(Number("--every", 500)),
    };

    private string[] Texts(string name, string fallback) => _values.GetValueOrDefault(name, fallback).Split(',');

    private IEnumerable<int> Numbers(string name, string fallback) => Texts(name, fallback).Select(text => Whole(name, text));

    private int Number(string name, int fallback) => _values.TryGetValue(name, out var text) ? Whole(name, text) : fallback;

    private static int Whole(string name, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new FormatException($"{name} {text}: this is no whole number above 0");

    private static PushOptions? Wrong(string problem)
    {
        Console.Error.WriteLine($"bench push: {problem}.\n\n  {PushCommand.Help}");
        return null;
    }
}
