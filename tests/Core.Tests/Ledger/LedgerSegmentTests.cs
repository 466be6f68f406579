using System.Text.Json;
using Mesh.Core.Ledger;
using Xunit;

namespace Mesh.Core.Tests.Ledger;

public class LedgerSegmentTests
{
    [Fact]
    public void One_without_a_format_is_of_the_first_and_is_written_in_the_newest()
    {
        var read = JsonSerializer.Deserialize<LedgerSegment>("""{"Ordinal":3,"Last":7,"Later":"kept"}""")!;
        Assert.Equal((1, 3, 7), (read.Format, read.Ordinal, read.Last));

        var written = read.InNewest();

        Assert.Equal((LedgerSegment.Newest, 3, 7), (written.Format, written.Ordinal, written.Last));
        Assert.Contains("\"Later\":\"kept\"", JsonSerializer.Serialize(written), StringComparison.Ordinal);
        Assert.Same(written, written.InNewest());
    }
}
