using System.Diagnostics;
using System.Globalization;
using Orleans;
using Xunit;

namespace Mesh.Runtime.Tests.Storage;

public class KillTests
{
    [Fact]
    public async Task No_acknowledged_write_is_lost_when_the_process_is_killed()
    {
        using var folder = new StoreFolder();
        var acknowledged = new int[KilledWriter.Grains];
        for (var cycle = 1; cycle <= 5; cycle++)
        {
            await WriteAndKill(folder.Database, acknowledged, lines: 150 * cycle);
            await using var storage = await folder.Open();
            for (var i = 0; i < acknowledged.Length; i++)
            {
                var record = new GrainState<int>();
                await storage.ReadStateAsync("s", KilledWriter.Grain(i), record);

                // One more may be on the disk than was heard of.
                Assert.InRange(record.State, acknowledged[i], acknowledged[i] + 1);
                acknowledged[i] = record.State;
            }
        }
    }

    private static async Task WriteAndKill(string database, int[] acknowledged, int lines)
    {
        var me = Environment.ProcessPath!;
        var arguments = Path.GetFileNameWithoutExtension(me) == "dotnet" ? new[] { typeof(KillTests).Assembly.Location } : [];
        using var victim = Process.Start(new ProcessStartInfo(me, arguments)
        {
            RedirectStandardOutput = true,
            Environment = { [KilledWriter.Variable] = database },
        })!;
        try
        {
            for (var heard = 0; await victim.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line; heard++)
            {
                // A line cut by the kill has no value: what was not heard whole was not acknowledged.
                if (line.Split(' ') is [var grain, var total] && int.TryParse(grain, CultureInfo.InvariantCulture, out var i) && int.TryParse(total, CultureInfo.InvariantCulture, out var value))
                {
                    acknowledged[i] = Math.Max(acknowledged[i], value);
                }

                if (heard == lines)
                {
                    victim.Kill();
                }
            }
        }
        finally
        {
            if (!victim.HasExited)
            {
                victim.Kill();
            }

            await victim.WaitForExitAsync(CancellationToken.None);
        }
    }
}
