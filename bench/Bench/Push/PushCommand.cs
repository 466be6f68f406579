using System.Globalization;

namespace Mesh.Bench.Push;

/// <summary><c>./mesh bench push</c>: how long a change takes to every stream, and what that costs.</summary>
internal static class PushCommand
{
    public const string Help = """
        push       [--streams 1000,5000] [--variant sotw,delta] [--subscribe all,10] [--services 100] [--endpoints 10] [--changes 40] [--every 500]
                     [--warm-up 20] [--rounds 1] [--wildcard]
        """;

    public static async Task<int> Run(IReadOnlyList<string> arguments, string silo)
    {
        var options = PushOptions.Read(arguments, silo);
        if (options is null)
        {
            return 2;
        }

        PushTable.Head(Console.Out);
        foreach (var setup in options.Setups())
        {
            PushTable.Write(Console.Out, await PushRun.Measure(setup, Say));
        }

        return 0;
    }

    private static void Say(string text) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {DateTime.UtcNow:HH:mm:ss} {text}"));
}
