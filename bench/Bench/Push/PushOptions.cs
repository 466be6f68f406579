using System.Globalization;

namespace Mesh.Bench.Push;

/// <summary>What the command line asks for.</summary>
internal sealed class PushOptions
{
    private static readonly string[] Flags = ["--wildcard"];
    private static readonly string[] Valued =
        ["--streams", "--variant", "--subscribe", "--services", "--endpoints", "--changes", "--every", "--warm-up", "--rounds", "--silo"];

    private readonly Dictionary<string, string> _values = [];

    private PushOptions()
    {
    }

    public string Silo { get; private init; } = "";

    /// <returns>Null when something is wrong, which has been said then.</returns>
    public static PushOptions? Read(IReadOnlyList<string> arguments, string silo)
    {
        var options = new PushOptions();
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

        var read = new PushOptions(options, options._values.GetValueOrDefault("--silo", silo));
        try
        {
            _ = read.Setups().ToList();
        }
        catch (FormatException wrong)
        {
            return Wrong(wrong.Message);
        }

        return File.Exists(read.Silo) ? read : Wrong($"there is no {read.Silo}; build it with `dotnet build src/Silo -c Release` or name one with --silo");
    }

    private PushOptions(PushOptions other, string silo)
    {
        (_values, Silo) = (other._values, silo);
    }

    /// <summary>Every combination, each in every round.</summary>
    public IEnumerable<PushSetup> Setups() =>
        from round in Enumerable.Range(0, Number("--rounds", 1))
        from variant in Texts("--variant", "sotw,delta")
        from subscribe in Texts("--subscribe", "all,10")
        from streams in Numbers("--streams", "1000,5000")
        from services in Numbers("--services", "100")
        select new PushSetup
        {
            Silo = Silo,
            Streams = streams,
            Delta = variant switch { "delta" => true, "sotw" => false, _ => throw new FormatException($"--variant {variant}: there are sotw and delta") },
            Names = subscribe == PushSetup.All ? null : Whole("--subscribe", subscribe),
            Wildcard = _values.ContainsKey("--wildcard"),
            Services = services,
            Endpoints = Number("--endpoints", 10),
            Changes = Number("--changes", 40),
            WarmUp = Number("--warm-up", 20),
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
