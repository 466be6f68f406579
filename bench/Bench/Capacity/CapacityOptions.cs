using System.Globalization;

namespace Mesh.Bench.Capacity;

/// <summary>What is asked of <c>./mesh bench capacity</c>.</summary>
internal sealed record CapacityOptions
{
    public IReadOnlyList<int> Silos { get; init; } = [1, 3];

    public int Endpoints { get; init; } = 5000;

    public int Streams { get; init; } = 1000;

    public int InFlight { get; init; } = 64;

    /// <summary>How long each of the loads lasts.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(10);

    public string? Json { get; init; }

    /// <returns>Null when the arguments are wrong, which was said.</returns>
    public static CapacityOptions? Read(IReadOnlyList<string> arguments)
    {
        var options = new CapacityOptions();
        try
        {
            for (var i = 0; i < arguments.Count; i += 2)
            {
                var value = i + 1 < arguments.Count ? arguments[i + 1] : throw new FormatException();
                options = arguments[i] switch
                {
                    "--silos" => options with { Silos = [.. value.Split(',').Select(static one => Number(one, 9))] },
                    "--endpoints" => options with { Endpoints = Number(value, 200_000) },
                    "--streams" => options with { Streams = Number(value, 20_000) },
                    "--in-flight" => options with { InFlight = Number(value, 10_000) },
                    "--seconds" => options with { Length = TimeSpan.FromSeconds(Number(value, 3600)) },
                    "--json" => options with { Json = value },
                    _ => throw new FormatException(),
                };
            }

            return options;
        }
        catch (FormatException)
        {
            Console.Error.WriteLine($"bench capacity: '{string.Join(' ', arguments)}' is not what it takes; see --help.");
            return null;
        }
    }

    private static int Number(string text, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most ? number : throw new FormatException();
}
